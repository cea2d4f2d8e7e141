"""Draw: write a digit, and see what the network takes it for."""

import streamlit as st

from cnn import runs
from cnn.drawing import Prepared
from ui.draw import answer, compare, game, my_digits, source
from ui.draw import state as kept
from ui.shared import loading, models, state, tour, words
from ui.shared.choice import choose
from ui.shared.following import refreshed_without_stream
from ui.shared.image_choice import ImageChoice
from ui.shared.plain_text import plain
from ui.shared.refresh import refreshing
from ui.shared.run_picker import empty, pick_run

DETECTOR_SECONDS = 1.0  # how often the answer looks whether the detector is fitted
PARTS = ["Draw", "Upload", "My digits", "Game"]

st.html(
    "<style>.st-key-draw_winner h2 { font-size: 5rem; line-height: 1.1; padding: 0 0 0 0.08em; }"
    # The keys are in each button's help; beside an icon they would not fit.
    ".st-key-mine_labels kbd { display: none; }"
    "@media (max-width: 640px) { .st-key-draw_winner h2 { font-size: 4rem; } }</style>"
)


@st.fragment
def desk(run_id: str) -> None:
    """Sheet and answer side by side, and below them what more there is to know."""
    try:
        run = runs.open_run(run_id)
        when = compare.chosen_weights(run)
        follows = run.state in runs.ACTIVE and when is None
        reads_digits = run.config.reads_digits
    except runs.RunError as error:
        st.error(plain(error))
        return
    left, right = st.columns(2, gap="large")
    with left:
        found = source.show(reads_digits)
    with right:
        if found:
            loading.wait()
        if follows:  # its stream moves the answer
            refreshed_without_stream(answer.show, run)(run_id, when, found)
        else:  # looked at again until the detector is ready
            pending = bool(found) and models.detector_pending(run)
            refreshing(answer.show, DETECTOR_SECONDS if pending else None, "answer")(
                run_id, when, found
            )
    if not found:
        return
    if st.button(
        "Look inside, on Inspect",
        icon=":material/visibility:",
        key="draw_inspect",
        help="Opens Inspect with this drawing chosen.",
    ):
        state.page(ImageChoice).source = "My drawing"
        st.switch_page("pages/inspect.py")
    more(run, when, found)
    tour.catch_up()


def more(run: runs.Run, when: runs.When | None, found: list[Prepared]) -> None:
    """Preparation, second place, other runs, earlier epochs: one at a time."""
    views = ["Preparation", "Second place", "All runs", "Over the epochs"]
    view = choose("More about this drawing", views, "draw_view")
    one = found[kept.chosen(found)]
    with st.container(border=True):
        if view == "Preparation":
            source.preparation(found)
        elif view == "Second place":
            answer.second_place(run, when, one)
        elif view == "All runs":
            compare.all_runs(run, when, found)
        else:
            compare.replay(run, one)


left, right = st.columns([3, 2], gap="medium", vertical_alignment="bottom")
with left:
    st.title("Draw")
    with st.container(key="only_wide_draw"):
        words.sentences(
            "Write a digit, or a number, with the mouse, a finger or a pen: it is read.", "draw"
        )
run = pick_run(place=right)
part = choose("Part", PARTS, "draw_part", label_visibility="collapsed")
if state.current_run() is None:
    empty("This run is gone.", "Choose another, or train a new one.")
if part == "Game" and not run.config.reads_digits:
    st.info(answer.no_digits(run), icon=":material/block:")
elif part == "My digits":
    my_digits.show(run.id)
elif part == "Game":
    game.show(run.id)
else:
    desk(run.id)
