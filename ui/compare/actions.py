"""What can be done with the runs that are ticked in the table, and bringing a run in."""

from __future__ import annotations

import csv
import io
import re

import streamlit as st

from cnn import runs
from cnn.common.text import plural
from cnn.runs import sharing, zipped
from cnn.runs.notes import MOST_NOTE, annotate, notes, tags_in
from cnn.runs.overview import Summary
from cnn.runs.tensorboard import to_tensorboard
from ui.compare.state import CompareState
from ui.shared import state, visitor
from ui.shared.another_try import launch
from ui.shared.plain_text import plain

MOST_UPLOAD = 20  # MB: the server takes no more (server.maxUploadSize)


def show(picked: list[Summary]) -> None:
    """The row of buttons below the table."""
    chosen = [one.run for one in picked]
    own = [run for run in chosen if run.is_own]
    one, fixed = len(chosen) == 1, len(own) < len(chosen)
    run = chosen[0] if one else None
    with st.container(horizontal=True, vertical_alignment="center"):
        if (
            st.button(
                "Open",
                icon=":material/open_in_new:",
                disabled=not one,
                key="open_run",
                help="Make it the current run and see what it gets wrong.",
            )
            and run
        ):
            state.choose_run(run.id)
            st.switch_page("pages/evaluate.py")
        if (
            st.button(
                "In Design",
                icon=":material/layers:",
                disabled=not one,
                key="open_design",
                help="Take its network and settings to Design.",
            )
            and run
        ):
            config = run.config
            state.get().replace(config.architecture, config.settings, config.preset)
            state.get().dataset = config.dataset
            st.switch_page("pages/design.py")
        st.button(
            "Run again",
            icon=":material/replay:",
            disabled=not one,
            key="run_again",
            help="Train a new run with the same settings and the same seed.",
            on_click=_again,
            args=(run,),
        )
        if (
            st.button(
                "Tags and note",
                icon=":material/edit_note:",
                key="edit_notes",
                disabled=not one or fixed,
            )
            and run
        ):
            edit_notes(run)
        archived = bool(picked) and all(one.archived for one in picked)
        st.button(
            "Bring back" if archived else "Archive",
            icon=":material/inventory_2:",
            key="archive",
            disabled=not own or fixed,
            on_click=_archive,
            args=(own, not archived),
            help="Archived runs are kept, and not shown here.",
        )
        if st.button(
            "Delete", icon=":material/delete:", disabled=not own or fixed, key="delete_run"
        ):
            confirm_delete([run.id for run in own])
        if sharing.can_share():
            st.button(
                "Share with the class",
                icon=":material/groups:",
                key="share_run",
                disabled=not one or fixed,
                on_click=_share,
                args=(run,),
                help="Everybody can look at a copy of it; only the teacher can change that.",
            )
        with st.popover(
            "Export",
            icon=":material/download:",
            disabled=run is None,
            help="As a zip file, as CSV, for TensorBoard.",
        ):
            _downloads(run)
        with st.popover("Import", icon=":material/upload:"):
            _import()
    st.caption(_what_is_possible(len(picked), fixed))
    _undo()


def _what_is_possible(ticked: int, fixed: bool) -> str:
    """Why some buttons are grey, and what to do."""
    examples = "Examples come with the app and stay as they are: no tags, archive or delete."
    if visitor.is_pupil():
        examples = "Examples and the class's runs stay as they are: no tags, archive or delete."
    if not ticked:
        return "Tick one run to open, repeat, describe or export it; two or more to compare."
    if ticked == 1:
        return examples if fixed else ""
    one = f"{ticked} are ticked: to open, repeat or export one, tick it alone."
    return f"{one} {examples}" if fixed else one


def _again(run: runs.Run | None) -> None:
    if run is not None:
        launch(lambda: runs.repeat(run))


def _share(run: runs.Run | None) -> None:
    if run is None:
        return
    try:
        sharing.share_run(run)
        state.get().notice = f"Everybody can look at a copy of '{plain(run.name)}' now."
    except runs.RunError as error:
        state.get().notice = plain(str(error))


def _archive(own: list[runs.Run], archived: bool) -> None:
    for run in own:
        try:
            annotate(run, archived=archived)
        except runs.RunError as error:
            state.get().notice = plain(error)


def _downloads(run: runs.Run | None) -> None:
    """The run as a zip file, its metrics as CSV and for TensorBoard, made on request."""
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", run.name if run else "run").strip("-.") or "run"

    def packed() -> bytes:
        assert run is not None
        return zipped.to_zip(run)

    def board() -> bytes:
        assert run is not None
        return to_tensorboard(run)

    def table() -> str:
        return metrics_csv(run) if run else ""

    st.download_button(
        "Zip file",
        packed if run else b"",
        f"{name}.zip",
        "application/zip",
        icon=":material/folder_zip:",
        disabled=run is None,
        key="export_zip",
        on_click="ignore",
        help="Settings, curves and weights, for Import.",
    )
    st.download_button(
        "Metrics as CSV",
        table,
        f"{name}.csv",
        "text/csv",
        icon=":material/table:",
        disabled=run is None,
        key="export_csv",
        on_click="ignore",
        help="Its metrics, a row for each point: kind, step, epoch, loss, accuracies.",
    )
    st.download_button(
        "Metrics for TensorBoard",
        board if run else b"",
        f"{name}-tensorboard.zip",
        "application/zip",
        icon=":material/ssid_chart:",
        disabled=run is None,
        key="export_tensorboard",
        on_click="ignore",
        help="Its metrics as an event file: unpack it, and `tensorboard --logdir` shows them.",
    )


def metrics_csv(run: runs.Run) -> str:
    """The metrics as CSV: a row for each point of the loss curve and for each end of an epoch."""
    from cnn.runs.metrics import read_whole

    columns = ["kind", "step", "epoch", "train_loss", "train_accuracy", "validation_loss"]
    columns += ["validation_accuracy", "learning_rate", "images_per_second", "seconds"]
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    for row in read_whole(run.files.metrics):
        if row["kind"] == "epoch":
            writer.writerow(row)
            continue
        for step, loss in row["losses"]:
            last = step == row["losses"][-1][0]  # what was measured at the report's end
            about = {**row, "train_accuracy": row.get("accuracy")} if last else {}
            writer.writerow({**about, "kind": "report", "step": int(step), "train_loss": loss})
    return text.getvalue()


def _import() -> None:
    """Take a run from a zip file."""
    st.markdown("A zip file of a run, as **Zip** makes it. It is checked before it is taken.")
    upload = st.file_uploader("Zip file", type="zip", max_upload_size=MOST_UPLOAD, key="import_zip")
    if upload is not None and st.button("Import it", type="primary", key="import_run"):
        try:
            run = zipped.from_zip(upload.getvalue())
        except runs.RunError as error:
            st.error(plain(error), icon=":material/block:")
        else:
            state.page(CompareState).ticked = [run.id]
            state.get().notice = f"'{plain(run.name)}' was imported."
            st.rerun()


@st.dialog("Tags and note")
def edit_notes(run: runs.Run) -> None:
    """Write tags and a note."""
    written = notes(run)
    tags = st.text_input("Tags, separated by commas", ", ".join(written.get("tags", [])))
    note = st.text_area("Note", written.get("note", ""), max_chars=MOST_NOTE)
    if st.button("Save", type="primary", key="notes_yes"):
        try:
            annotate(run, tags=tags_in(tags), note=note)
        except runs.RunError as error:
            st.error(plain(error))
        else:
            st.rerun()


@st.dialog("Delete?")
def confirm_delete(run_ids: list[str]) -> None:
    """Ask once, naming what goes."""
    picked = []
    for run_id in run_ids:
        try:
            picked.append(runs.open_run(run_id))
        except runs.RunError as error:
            st.caption(plain(error))
    st.markdown(
        "Weights, curves and settings go with them. Until you leave this page, **Undo** "
        "brings them back."
    )
    st.text("\n".join(run.name for run in picked))
    yes, no = st.columns(2)
    if yes.button("Delete", type="primary", icon=":material/delete:", key="delete_yes"):
        kept = state.page(CompareState)
        if problems := kept.delete(picked):
            state.get().notice = plain(" ".join(problems))
        if state.get().run_id in {run_id for run_id, _ in kept.deleted}:
            state.choose_run(None)
        st.rerun()
    if no.button("Keep", key="delete_no"):
        st.rerun()


def _undo() -> None:
    deleted = state.page(CompareState).deleted
    if not deleted:
        return

    def back() -> None:
        if problems := state.page(CompareState).undo():
            state.get().notice = plain(" ".join(problems))

    with st.container(horizontal=True, vertical_alignment="center"):
        names = plain(deleted[0][1]) if len(deleted) == 1 else plural(len(deleted), "run")
        st.markdown(f":material/delete: Deleted: {names}. Gone for good when you leave this page.")
        st.button("Undo", icon=":material/undo:", key="undo_delete", on_click=back)
