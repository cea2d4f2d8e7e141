"""Export: the network as source, as a file, as a link, and a trained run with its weights.

What runs a network needs torch: it is imported when a run is verified.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st

from cnn import runs
from cnn.datasets import DataError, default_dataset, preprocessing_for
from cnn.export.codegen import keras, pytorch
from cnn.export.share_link import CONTROLS
from cnn.network import Architecture, ArchitectureError, from_json, to_json
from cnn.runs import lesson
from ui.shared import models, share_link, state, visitor
from ui.shared.plain_text import plain

if TYPE_CHECKING:
    from cnn.export.verify import Verification

FORMATS = {
    "PyTorch": ":material/code: PyTorch",
    "Keras": ":material/code: Keras",
    "File": ":material/data_object: JSON file",
    "Link": ":material/link: Share link",
    "Run": ":material/deployed_code: Trained run",
}


@dataclass
class Upload:
    """The file that was opened last: what was wrong with it, or the network that it held."""

    count: int = 0  # part of the uploader's key: a new one is empty
    error: str | None = None
    opened: Architecture | None = None


@dataclass
class VerifiedExports:
    """The last verified exports, or why there are none; `weights` names the run's file they are of
    (run id, modification time in ns)."""

    weights: tuple[str, int] | None = None
    exports: Verification | None = None
    error: str | None = None


def section(architecture: Architecture, problem: str | None) -> None:
    """The choice, and what was chosen; nothing is made before it is asked for."""
    st.header("Export", anchor=False)
    chosen = st.segmented_control(
        "Format",
        list(FORMATS),
        format_func=FORMATS.__getitem__,
        key="export",
        label_visibility="collapsed",
        persist_state="session",
    )
    if chosen is None:
        st.caption(
            "As a script that trains it anywhere, as a file, as a link that opens it here, or, "
            "once trained, with its weights."
        )
    elif chosen in ("PyTorch", "Keras"):
        _source(chosen, architecture, problem)
    elif chosen == "File":
        _file(architecture)
    elif chosen == "Link":
        _link()
    else:
        _run()


def _source(kind: str, architecture: Architecture, problem: str | None) -> None:
    """The network with its training as one script."""
    play = state.get()
    if problem:
        st.info("There is source to export once the network works.", icon=":material/build:")
        return
    write: Callable[..., str] = pytorch if kind == "PyTorch" else keras
    dataset = play.dataset or default_dataset()
    if dataset == "mnist-sample":
        dataset = "mnist"  # the script downloads its own data
    prepare = preprocessing_for(dataset, play.settings.normalisation)
    network = (architecture, play.settings, prepare, dataset, play.title)
    source = write(*network, play.start_filter)
    needs = "`torch` and `torchvision`" if kind == "PyTorch" else "`keras` and one of its backends"
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(
            f"Exactly this network, with your training settings. It needs {needs}, nothing else.",
            width="stretch",
        )
        _download("Download the script", source, f"train_{kind.lower()}.py", "text/x-python")
    st.code(source, "python", height=460, line_numbers=True)


def _download(
    label: str, content: str | bytes | Callable[[], bytes], file_name: str, mime: str
) -> None:
    st.download_button(
        label,
        content,
        file_name=file_name,
        mime=mime,
        icon=":material/download:",
        on_click="ignore",
        key=f"download_{label}",
    )


def _file(architecture: Architecture) -> None:
    """The architecture as JSON, out and in."""
    left, right = st.columns(2, gap="medium")
    with left:
        text = to_json(architecture)
        _download("Download this network", text, "network.json", "application/json")
        st.code(text, "json", height=300)
    with right:
        upload = state.page(Upload)
        key = f"upload_{upload.count}"
        file = st.file_uploader(
            "Open a network from a JSON file",
            type=["json"],
            key=key,
            on_change=lambda: _open(key),
            max_upload_size=1,
            disabled="architecture" in state.get().fixed,
        )
        if file is not None and upload.error:  # a file that is gone takes its answer along
            st.error(plain(upload.error), icon=":material/error:")
            st.caption("Your network is as it was.")
        elif upload.opened == architecture:
            count = len(architecture.all_layers)
            st.success(f"Opened: {count} layers. Undo brings back yours.", icon=":material/check:")


def _open(key: str) -> None:
    """Take the network of the file that was uploaded; a bad file changes nothing."""
    play, upload = state.get(), state.page(Upload)
    upload.error = upload.opened = None
    file = st.session_state.get(key)
    if file is None:
        return
    try:
        architecture = from_json(file.getvalue())
    except ArchitectureError as error:
        upload.error = str(error)
        return
    play.take(architecture)
    play.preset, play.chosen = None, None
    upload.count += 1
    upload.opened = architecture


def _link() -> None:
    """A link that opens this configuration, and what a teacher may fix or hide in it."""
    st.markdown("Opens exactly this network, data set and training settings, on any playground.")

    def controls(name: str, label: str, note: str) -> list[str]:
        return st.multiselect(
            label,
            list(CONTROLS),
            format_func=CONTROLS.__getitem__,
            key=f"link_{name}",
            help=f"For lessons. {note}",
            placeholder="Nothing",
            persist_state="session",
        )

    left, right = st.columns(2)
    with left:
        fixed = controls("fixed", "Fixed for whoever opens it", "Shown, but cannot be moved.")
    with right:
        hidden = controls("hidden", "Hidden from whoever opens it", "Not shown at all.")
    address = share_link.link(hidden, fixed)
    st.code(address, None, wrap_lines=True)
    st.caption(f"{len(address):,} characters; the copy button is at its right.")
    if visitor.is_teacher():
        _for_the_class(hidden, fixed)


def _for_the_class(hidden: list[str], fixed: list[str]) -> None:
    """On a class server: let every visitor begin with this, and keep to what is fixed."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            "Set it for the class",
            icon=":material/school:",
            key="lesson_set",
            on_click=_set_lesson,
            args=(hidden, fixed),
            help="Every visitor's next click takes it. What is fixed or hidden holds: no run is "
            "made that has it otherwise.",
        )
        if lesson.set_lesson() is not None:
            st.button(
                "End the lesson",
                icon=":material/lock_open:",
                key="lesson_end",
                on_click=_end_lesson,
            )
            st.caption("A lesson is set.")


def _set_lesson(hidden: list[str], fixed: list[str]) -> None:
    play = state.get()
    made = lesson.Lesson(
        architecture=play.architecture,
        settings=play.settings,
        dataset=play.dataset_name,
        hidden=frozenset(hidden),
        fixed=frozenset(fixed),
    )
    try:
        lesson.begin(made)
    except runs.RunError as error:
        play.notice = plain(str(error))


def _end_lesson() -> None:
    try:
        lesson.end()
    except runs.RunError as error:
        state.get().notice = plain(str(error))


def _run() -> None:
    """The current run with its weights in three formats, verified."""
    run = state.current_run()
    if run is None:
        st.info("There is no trained run yet.", icon=":material/model_training:")
        st.page_link("pages/train.py", label="Train one", icon=":material/arrow_forward:")
        return
    try:
        weights = (run.id, run.weights_path().stat().st_mtime_ns)
    except (OSError, runs.RunError):
        st.info(f"'{plain(run.name)}' has no weights yet: they come with its first epoch.")
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(
            "The current run with its weights: a zip (model, training script, weights, "
            "preprocessing), ONNX and safetensors. Each is run in a process of its own over the "
            "test set, and must predict what the app predicts.",
            width="stretch",
        )
        pressed = st.button("Make and verify", key="verify", icon=":material/verified:")
    verification = state.page(VerifiedExports)
    if pressed:
        _verify(run, verification)
        verification.weights = weights
    if verification.weights == weights:
        _exports(run, verification)


def _verify(run: runs.Run, verification: VerifiedExports) -> None:
    """Make and verify the exports, or note why that failed."""
    models.loader().join()
    from cnn.export import verify
    from cnn.export.formats import ExportError

    verification.weights = verification.exports = verification.error = None
    bar = st.progress(0.0, "Starting")
    try:
        verification.exports = verify.verify_exports(run, bar.progress)
    except (runs.RunError, DataError, ExportError) as error:
        verification.error = str(error)
    finally:
        bar.empty()


def _exports(run: runs.Run, verification: VerifiedExports) -> None:
    """The result of each verification, and the files."""
    from cnn.export import formats

    exports = verification.exports
    if exports is None:
        st.error(plain(verification.error or ""), icon=":material/error:")
        return
    with st.container(horizontal=True):
        for result in exports.results:
            if result.verified:
                st.badge(str(result), icon=":material/verified:", color="green")
            else:
                st.badge(str(result), icon=":material/error:", color="red")
    with st.container(horizontal=True):
        files: list[tuple[str, bytes | Callable[[], bytes] | None, str]] = [
            ("Everything (zip)", exports.zip, "zip"),
            ("ONNX", exports.onnx, "onnx"),
            ("Weights (safetensors)", lambda: formats.safetensors(run), "safetensors"),
        ]
        for label, content, suffix in files:
            if content is not None:
                name = formats.file_name(run, suffix)
                _download(label, content, name, "application/octet-stream")
