"""Draw: write a digit, and see what the network takes it for."""

import streamlit as st

from cnn import digits, figures, runs
from ui import models, state
from ui.canvas import SIZE, canvas
from ui.pictures import enlarge
from ui.runpicker import empty, pick_epoch, pick_run

QUIET = {"displayModeBar": False}

st.title("Draw")
st.markdown("Write a digit with the mouse or a finger. The network answers after every stroke.")


@st.fragment
def desk(run_id: str, epoch: int | None) -> None:
    """Sheet and answer side by side."""
    try:
        run = runs.open_run(run_id)
    except runs.RunError as error:
        st.error(str(error))
        return
    left, right = st.columns([2, 3], gap="large")
    with left:
        prepared = sheet()
    with right:
        active = run.state in runs.ACTIVE
        # While it trains, the answer follows the newest weights.
        st.fragment(answer, run_every=1.0 if active and epoch is None else None)(
            run_id, epoch, prepared
        )
    if prepared is not None:
        steps(prepared)


def sheet() -> digits.Prepared | None:
    """The canvas or an upload; returns the prepared digit, None where there is none."""
    sources = ["Draw", "Upload"]
    source = st.segmented_control(
        "Source",
        sources,
        default=state.remember("draw_source", "Draw", sources),
        key="draw_source",
        required=True,
        label_visibility="collapsed",
    )
    state.keep("draw_source", source)
    centred = not st.session_state.get("draw_raw", False)
    try:
        if source == "Draw":
            with st.container(key="canvas"):
                drawing = canvas(st.session_state.get("draw_brush", 18))
            st.slider(
                "Brush",
                4,
                40,
                18,
                key="draw_brush",
                persist_state="session",
                help="How it looks to you; the network gets strokes of MNIST's width.",
            )
            if drawing is None:
                return None
            prepared = digits.from_strokes(
                digits.strokes_from_canvas(drawing),
                centred,
                SIZE,
                st.session_state.get("draw_brush", 18),
            )
        else:
            file = st.file_uploader(
                "A picture of one digit",
                type=["png", "jpg", "jpeg", "webp", "bmp", "gif"],
                key="draw_file",
                help="Dark on light or light on dark, any size.",
            )
            if file is None:
                return None
            prepared = digits.from_image(digits.open_image(file), centred)
    except digits.DigitError as error:
        st.warning(str(error), icon=":material/image_not_supported:")
        return None
    state.get().last_digit = prepared.image
    return prepared


def answer(run_id: str, epoch: int | None, prepared: digits.Prepared | None) -> None:
    """What the network makes of it."""
    if prepared is None:
        with st.container(border=True, horizontal_alignment="center"):
            st.markdown("### :material/draw: Your turn")
            st.markdown("Write any digit from 0 to 9 on the dark sheet.")
        return
    import numpy as np
    import torch

    from cnn.training import score

    try:
        run = runs.open_run(run_id)
        model = models.model_of(run, epoch)
    except runs.RunError as error:
        st.error(str(error), icon=":material/error:")
        return
    config = run.config
    row = score(model, torch.from_numpy(prepared.image)[None], run.preprocessing).softmax(1)[0]
    probabilities = row.tolist()
    best = int(np.argmax(probabilities))
    left, right = st.columns([2, 1], vertical_alignment="center", wrap=False)
    with left:
        st.markdown(f"{sureness(probabilities[best])}")
        st.markdown(f"# {config.classes[best]}")
    with right:
        st.image(
            enlarge(prepared.image, 5),
            caption="as the network sees it, 28×28",
            width=140,
            alt="The prepared image, 28 by 28 pixels",
        )
    st.plotly_chart(
        figures.probability_bars(probabilities, config.classes),
        key="draw_bars",
        config=QUIET,
        alt="Probability of every class",
    )


def sureness(probability: float) -> str:
    """A plain word for how sure it is."""
    if probability > 0.97:
        return "It is sure that this is"
    if probability > 0.8:
        return "It thinks that this is"
    if probability > 0.5:
        return "It hesitates, but guesses"
    return "It has no idea. Its best guess:"


def steps(prepared: digits.Prepared) -> None:
    """How the drawing became the image, step by step."""
    with st.container(border=True):
        st.toggle(
            "Switch the preparation off",
            key="draw_raw",
            persist_state="session",
            help="Gives the network the sheet merely shrunk to 28×28, as most demos do. Draw "
            "small, or in a corner, and see what the preparation is good for.",
        )
        if st.session_state.get("draw_raw"):
            st.caption(
                "The sheet is merely shrunk to 28×28. MNIST's digits never looked like that."
            )
            return
        st.markdown("**Prepared as MNIST was made**")
        grid = st.grid(4, min_column_width=130)
        for title, note, image in (
            ("Drawing", "as it came", prepared.drawing),
            ("Crop", "only the ink", prepared.cropped),
            ("Box", "longest side 20 pixels", prepared.boxed),
            ("Centre", "centre of mass in the middle of 28×28", prepared.image),
        ):
            with grid.cell():
                st.markdown(f"**{title}**")
                times = max(1, 140 // max(image.shape))
                st.image(
                    enlarge(image, times),
                    width=min(140, image.shape[1] * times),
                    alt=f"{title}: {note}",
                )
                st.caption(note)


left, right = st.columns([2, 1], gap="medium")
with left:
    run = pick_run()
with right:
    epoch = pick_epoch(run, "draw_epoch")
if state.current_run() is None:
    empty("This run is gone.", "Choose another, or train a new one.")
desk(run.id, epoch)
if state.get().last_digit is not None:
    st.page_link(
        "pages/inspect.py",
        label="Look inside, on Inspect (choose My drawing)",
        icon=":material/visibility:",
    )
