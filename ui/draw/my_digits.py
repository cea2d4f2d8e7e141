"""My digits: keep drawings with their labels, see how every run reads them, teach a run with
them."""

from __future__ import annotations

import numpy as np
import streamlit as st

from cnn import runs
from cnn.common import workspaces
from cnn.common.text import percent
from cnn.drawing import my_digits
from cnn.runs import finetune, sharing
from ui.draw import state
from ui.draw.answer import no_digits
from ui.draw.compare import readings
from ui.shared import canvas
from ui.shared.pictures import enlarge
from ui.shared.plain_text import plain
from ui.shared.projector import scaled
from ui.shared.refresh import refreshing
from ui.shared.run_picker import labels_of

SHOWN, COLUMNS = 60, 12


@st.fragment
def show(run_id: str) -> None:
    """The whole part."""
    st.markdown(
        "Draw a digit and press its key, or its button: it is kept, and the sheet is clean again."
    )
    left, right = st.columns(2, gap="large")
    with left:
        drawing = canvas.canvas("draw", "mine")
        _label_buttons(drawing is not None)
        state.show_messages()
    kept = my_digits.load()
    with right:
        _gallery(kept)
    _exchange(kept)
    if not kept:
        return
    st.markdown("## How every run reads them")
    _scores(kept)
    st.markdown("## Teach a run my handwriting")
    _teach(run_id, kept)


def keep(label: int) -> None:
    """Keep what is on the sheet under `label`, and clean it."""
    try:
        drawing = my_digits.drawing_of({"label": label, "strokes": canvas.strokes("draw")})
        count = my_digits.add([drawing])
        state.get().notice = f"Kept as a {label}. You have {count:,} now."
        canvas.sheet("draw").clear()
    except my_digits.CollectionError as error:
        state.get().notice = f"Not kept: {plain(error)}"


def _label_buttons(drawn_something: bool) -> None:
    """Ten buttons, each with its key."""
    st.caption("Which digit is it?")
    with st.container(horizontal=True, gap="xsmall", key="mine_labels"):
        for label in range(10):
            st.button(
                str(label),
                key=f"mine_label_{label}",
                on_click=keep,
                args=(label,),
                shortcut=str(label),
                disabled=not drawn_something,
                width=40,
                help=f"Keep it as a {label} (key {label})",
            )


def _gallery(kept: list[my_digits.Drawing]) -> None:
    """The newest drawings, in one picture."""
    if not kept:
        with st.container(border=True):
            st.markdown("## Nothing kept yet")
            st.markdown(
                f"Ten of each digit is a good start. Your digits stay {_where()}, as the strokes "
                "you drew."
            )
        return
    counts = np.bincount([drawing.label for drawing in kept], minlength=10)
    more = f", the newest {SHOWN} shown" if len(kept) > SHOWN else ""
    st.markdown(f"**{len(kept):,} digits**{more}")
    pictures, labels = my_digits.images(kept[-SHOWN:])
    framed = np.pad(pictures, ((0, -len(labels) % COLUMNS), (1, 1), (1, 1)))
    framed[: len(labels)] = framed[np.argsort(labels, kind="stable")]
    wall = framed.reshape(-1, COLUMNS, 30, 30).swapaxes(1, 2).reshape(-1, COLUMNS * 30)
    st.image(enlarge(wall, 2), width="stretch", alt="The newest kept digits")
    st.caption(" · ".join(f"{n} × **{k}**" for k, n in enumerate(counts) if n))


def _where() -> str:
    if workspaces.current() is None:
        return "on this machine, in the data folder"
    return "on this server, in your workspace"


def _exchange(kept: list[my_digits.Drawing]) -> None:
    """Export, import, remove."""
    with st.container(horizontal=True, gap="small", vertical_alignment="bottom"):
        st.download_button(
            "Export",
            my_digits.export(kept),
            "my-digits.jsonl",
            "application/jsonl",
            icon=":material/download:",
            key="mine_export",
            disabled=not kept,
            on_click="ignore",
        )
        with st.popover("Import", icon=":material/upload:"):
            st.caption('One JSON object a line: {"label": 3, "strokes": [[[x, y], …], …]}')
            file = st.file_uploader("A .jsonl file", type=["jsonl"], key="mine_file")
            st.button(
                "Add its digits",
                key="mine_import",
                disabled=file is None,
                on_click=_import,
                args=(file.getvalue() if file else b"",),
            )
        if sharing.can_share():
            st.button(
                "Share the newest with the class",
                icon=":material/groups:",
                key="mine_share",
                on_click=_share,
                args=(kept[-1:],),
                disabled=not kept,
            )
        st.button(
            "Remove the newest",
            icon=":material/undo:",
            key="mine_remove",
            on_click=_remove,
            args=(1,),
            disabled=not kept,
        )
        with st.popover("Remove all", icon=":material/delete:", disabled=not kept):
            st.markdown(f"Remove all {len(kept):,} digits? Export them first if you may want them.")
            st.button("Remove them", type="primary", key="mine_remove_all", on_click=_remove)


def _remove(count: int = my_digits.MOST_DIGITS) -> None:
    try:
        my_digits.remove(count)
    except my_digits.CollectionError as error:
        state.get().problem = str(error)


def _share(newest: list[my_digits.Drawing]) -> None:
    try:
        count = sharing.share_digits(newest)
        state.get().notice = f"The class has {count:,} digits now."
    except (my_digits.CollectionError, runs.RunError) as error:
        state.get().problem = str(error)


def _import(content: bytes) -> None:
    try:
        found = my_digits.parse(content)
        my_digits.add(found)
        state.get().notice = f"{len(found):,} digits were added."
    except my_digits.CollectionError as error:
        state.get().problem = str(error)


def _start(run: runs.Run, kept: list[my_digits.Drawing]) -> None:
    try:
        runs.launch(finetune.create_run(run, kept, st.session_state.mine_epochs))
    except runs.RunError as error:
        state.get().problem = str(error)


def _scores(kept: list[my_digits.Drawing]) -> None:
    """Accuracy of every finished run on the collection."""
    pictures, labels = my_digits.images(kept)
    answers = [(run, reading) for run, reading in readings(pictures) if run.config.reads_digits]
    names, rows = labels_of([run for run, _ in answers]), []
    for run, reading in answers:
        guess = reading.best
        wrong = [f"{a}→{b}" for a, b in zip(labels, guess, strict=True) if a != b]
        rows.append(
            {
                "Run": names[run.id],
                "My digits": float((np.array(guess) == labels).mean()),
                "Test": run.status().get("test_accuracy"),
                "Misread": ", ".join(wrong[:12]) + (" …" if len(wrong) > 12 else "") or "none",
            }
        )
    if not rows:
        st.caption("No run has finished yet.")
        return
    st.dataframe(
        rows,
        hide_index=True,
        key="mine_scores",
        column_config={
            "My digits": st.column_config.ProgressColumn(
                min_value=0.0, max_value=1.0, format="percent"
            ),
            "Test": st.column_config.NumberColumn(format="percent"),
            "Misread": st.column_config.TextColumn(help="Truth → reading."),
        },
        alt="How every run reads my digits",
    )


def _teach(run_id: str, kept: list[my_digits.Drawing]) -> None:
    """Start a fine-tuning, and show what the earlier ones did."""
    run = runs.open_run(run_id)
    if not run.config.reads_digits:
        st.info(no_digits(run), icon=":material/block:")
    st.markdown(
        "A new run starts from this run's weights and learns your digits for a few epochs, mixed "
        f"with {finetune.REHEARSAL:,} images of the old training set against forgetting. Of each "
        "digit every fourth is held back, to see what was learned rather than stored."
    )
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        st.slider("Epochs", 1, 10, 3, key="mine_epochs", persist_state="session", width=scaled(260))
        ready = len(kept) >= finetune.FEWEST and run.state not in runs.ACTIVE
        ready = ready and run.config.reads_digits
        st.button(
            "Fine-tune it on my digits",
            type="primary",
            icon=":material/school:",
            key="mine_teach",
            disabled=not ready,
            on_click=_start,
            args=(run, kept),
        )
    if len(kept) < finetune.FEWEST:
        st.caption(f"Keep at least {finetune.FEWEST} digits first.")
    taught = [
        other
        for other in runs.list_runs()
        if finetune.is_finetuned(other) and run.id in (other.id, other.config.start_from)
    ]
    working = any(other.state in runs.ACTIVE for other in taught)
    if taught:
        refreshing(_effects, 1.0 if working else None, "effects")([r.id for r in taught[:5]])


def _effects(ids: list[str]) -> None:
    """Before and after, of the newest fine-tuned runs."""
    shown = [run for run in runs.list_runs() if run.id in ids]
    names = labels_of(shown)
    for run in shown:
        try:
            status = run.status()
            with st.container(border=True):
                st.markdown(f"**{plain(names[run.id])}** · {status['state']}")
                if status["state"] in runs.ACTIVE:
                    share = status.get("step", 0) / max(status.get("steps") or 1, 1)
                    st.progress(min(1.0, share), text=plain(status.get("message") or "Learning …"))
                elif status["state"] in ("finished", "stopped"):
                    _before_and_after(finetune.measure_effect(run))
                else:
                    st.error(plain(status.get("message") or "It ended without a message."))
        except runs.RunError as error:
            st.warning(plain(error))


def _before_and_after(effect: finetune.Effect) -> None:
    grid = st.grid(3, min_column_width=150)
    for title, (before, after), note in (
        ("My digits, learned", effect.learned, "the drawings it was trained on"),
        ("My digits, held back", effect.held, f"{effect.held_digits} drawings it never saw"),
        ("Test set", effect.test, "what it may have forgotten"),
    ):
        change = (
            None if before is None or after is None else f"{(after - before) * 100:+.1f} points"
        )
        was = "" if before is None else f", {percent(before)} before"
        grid.metric(
            f"{title}{was}",
            "–" if after is None else percent(after),
            change,
            help=note,
            border=True,
        )
