"""The front door, twice: the script of every page, and the server that runs it.

`streamlit run app.py` finds `app` and serves it: Streamlit, and the routes of the live stream. At
each visit the same file runs again as the script: page configuration, navigation, the sidebar.
Nothing here imports torch before the first page is painted.
"""

from pathlib import Path
from typing import Literal

import streamlit as st
from starlette.middleware import Middleware
from streamlit.runtime.pages_manager import PagesManager
from streamlit.runtime.scriptrunner import get_script_run_ctx

from ui.live.routes import Routes
from ui.server import callbacks, deliveries, hosts, logs, values
from ui.server.guard import Guard
from ui.server.teacher_door import TeacherDoor
from ui.shared import (
    models,
    pressed,
    projector,
    share_link,
    sidebar,
    skip_link,
    state,
    style,
    tour,
    visitor,
)

# A picture of ours: a Material icon here makes every page ask fonts.gstatic.com.
ICON = Path(__file__).parent / "static" / "icon.png"


def main() -> None:
    """One run of the script: the page that is asked for, and what stands around it."""
    st.set_page_config(page_title="CNN Playground", page_icon=str(ICON), layout="wide")
    notice = visitor.begin()
    state.begin()
    state.get().notice = notice or state.get().notice
    share_link.open_link()
    style.apply()
    pages = {
        "": [
            st.Page("pages/play.py", title="Play", icon=":material/play_circle:", default=True),
            st.Page("pages/learn.py", title="Learn", icon=":material/school:"),
        ],
        "Build": [
            st.Page("pages/design.py", title="Design", icon=":material/layers:"),
            st.Page("pages/train.py", title="Train", icon=":material/model_training:"),
        ],
        "Look inside": [
            st.Page("pages/inspect.py", title="Inspect", icon=":material/visibility:"),
            st.Page("pages/draw.py", title="Draw", icon=":material/draw:"),
            st.Page("pages/evaluate.py", title="Evaluate", icon=":material/analytics:"),
            st.Page("pages/compare.py", title="Compare", icon=":material/compare_arrows:"),
        ],
    }
    if visitor.is_teacher():
        icon = ":material/supervisor_account:"
        pages["Class"] = [st.Page("pages/teacher.py", title="Teacher", icon=icon)]
    place: Literal["top", "sidebar"] = "top" if state.get().projector else "sidebar"
    page = st.navigation(pages, expanded=True, position=place)
    state.enter(page.url_path)
    skip_link.show()
    pressed.show()
    sidebar.show()
    projector.leave_button()
    tour.show()
    page.run()
    models.loader()  # torch, for the pages that need it


if get_script_run_ctx(suppress_warning=True) is None:
    logs.begin()
    # Else Streamlit takes the folder `pages` for a multipage app of its old kind until this file
    # has called st.navigation once: a click before that showed a page alone, without what stands
    # around it, for as long as the visit lasted.
    PagesManager.uses_pages_directory = False
    hosts.allow_own_names()
    callbacks.keep_whole()
    deliveries.keep_all()
    values.read_safely()
    live = Routes(st.get_option("server.baseUrlPath"))
    app = st.App(
        __file__,
        routes=live.routes,
        lifespan=live.lifespan,
        middleware=[Middleware(Guard), Middleware(TeacherDoor)],
        on_script_error=logs.script_failed,
    )
else:
    main()
