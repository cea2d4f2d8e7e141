"""Take it away: the network as source, as a file, as a link, and a trained run as a package."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from cnn import runs
from cnn.datasets import DataError, default_dataset, preprocessing_for
from cnn.export.codegen import keras, pytorch
from cnn.export.share_link import CONTROLS
from cnn.network import Architecture, ArchitectureError, from_json, to_json
from ui.shared import models, share_link, state
from ui.shared.sidebar import plain

KINDS = {
    "PyTorch": ":material/code: PyTorch",
    "Keras": ":material/code: Keras",
    "File": ":material/data_object: JSON file",
    "Link": ":material/link: Share link",
    "Run": ":material/deployed_code: Trained run",
}


def section(architecture: Architecture, problem: str | None) -> None:
    """The choice, and what was chosen; nothing is made before it is asked for."""
    st.subheader("Take it away", anchor=False)
    chosen = st.segmented_control(
        "What to take away",
        list(KINDS),
        default=state.remember("takeaway", None),
        format_func=KINDS.__getitem__,
        key="takeaway",
        label_visibility="collapsed",
    )
    state.keep("takeaway", chosen)
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
        st.info("There is source to take once the network works.", icon=":material/build:")
        return
    write: Callable[..., str] = pytorch if kind == "PyTorch" else keras
    dataset = play.dataset or default_dataset()
    if dataset == "mnist-sample":
        dataset = "mnist"  # the script fetches its own data
    prepare = preprocessing_for(dataset, play.settings.normalisation)
    source = write(architecture, play.settings, prepare, dataset, play.title)
    needs = "`torch` and `torchvision`" if kind == "PyTorch" else "`keras` and one of its backends"
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(
            f"Exactly this network, with your training settings. It needs {needs}, nothing else.",
            width="stretch",
        )
        st.download_button(
            "Download the script",
            source,
            file_name=f"train_{kind.lower()}.py",
            mime="text/x-python",
            icon=":material/download:",
            on_click="ignore",
            key=f"download_{kind}",
        )
    st.code(source, "python", height=460, line_numbers=True)


def _file(architecture: Architecture) -> None:
    """The architecture as JSON, out and in."""
    play = state.get()
    left, right = st.columns(2, gap="medium")
    with left:
        text = to_json(architecture)
        st.download_button(
            "Download this network",
            text,
            file_name="network.json",
            mime="application/json",
            icon=":material/download:",
            on_click="ignore",
            key="download_json",
        )
        st.code(text, "json", height=300)
    with right:
        key = f"upload_{play.fields.get('uploads', 0)}"
        st.file_uploader(
            "Open a network from a JSON file",
            type=["json"],
            key=key,
            on_change=lambda: _opened(key),
            max_upload_size=1,
            disabled="architecture" in play.fixed,
        )
        if bad := play.fields.get("upload_error"):
            st.error(plain(bad), icon=":material/error:")
            st.caption("Your network is as it was.")
        elif said := play.fields.get("uploaded"):
            st.success(said, icon=":material/check:")


def _opened(key: str) -> None:
    """Read the file that was uploaded; a bad one changes nothing."""
    play = state.get()
    play.fields["upload_error"] = play.fields["uploaded"] = None
    file: Any = st.session_state.get(key)
    if file is None:
        return
    try:
        architecture = from_json(file.getvalue())
    except ArchitectureError as error:
        play.fields["upload_error"] = str(error)
        return
    play.take(architecture)
    play.preset, play.chosen = None, None
    play.fields["uploads"] = play.fields.get("uploads", 0) + 1
    play.fields["uploaded"] = (
        f"Opened: {len(architecture.all_layers)} layers. Undo brings back yours."
    )


def _link() -> None:
    """An address that opens this configuration, and what a teacher may fix or hide in it."""
    st.markdown("Opens exactly this network, data set and training settings, on any playground.")
    left, right = st.columns(2)
    picked: dict[str, list[str]] = {}
    for place, name, label, note in (
        (left, "fixed", "Fixed for whoever opens it", "Shown, but cannot be moved."),
        (right, "hidden", "Hidden from whoever opens it", "Not shown at all."),
    ):
        picked[name] = place.multiselect(
            label,
            list(CONTROLS),
            default=state.remember(f"link_{name}", []),
            format_func=CONTROLS.__getitem__,
            key=f"link_{name}",
            help=f"For lessons. {note}",
            placeholder="Nothing",
        )
        state.keep(f"link_{name}", picked[name])
    address = share_link.link(picked["hidden"], picked["fixed"])
    st.code(address, None, wrap_lines=True)
    st.caption(f"{len(address):,} characters; the copy button is at its right.")


def _run() -> None:
    """The current run's weights in three formats, and the proof that they are the same network."""
    run = state.current_run()
    if run is None:
        st.info("There is no trained run yet.", icon=":material/model_training:")
        st.page_link("pages/train.py", label="Train one", icon=":material/arrow_forward:")
        return
    try:
        stamp = (run.id, run.weights_path().stat().st_mtime_ns)
    except (OSError, runs.RunError):
        st.info(f"'{run.name}' has no weights yet: they come with its first epoch.")
        return
    play = state.get()
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(
            "The current run with its weights: a zip (model, training script, weights, "
            "preprocessing), ONNX and safetensors. Each is run in a process of its own over the "
            "test set, and must predict what the app predicts.",
            width="stretch",
        )
        pressed = st.button("Make and verify", key="verify", icon=":material/verified:")
    if pressed:
        play.fields["verified"] = (stamp, *_verify(run))
    kept = play.fields.get("verified")
    if kept and kept[0] == stamp:
        _downloads(run, kept[1], kept[2])


def _verify(run: runs.Run) -> tuple[Any, str | None]:
    """The verified exports, or None and why not."""
    models.loader().join()
    from cnn.export import verify
    from cnn.export.formats import ExportError

    bar = st.progress(0.0, "Starting")

    def progress(share: float, doing: str) -> None:
        bar.progress(share, doing)

    try:
        return verify.verify_exports(run, progress), None
    except (runs.RunError, DataError, ExportError) as error:
        return None, str(error)
    finally:
        bar.empty()


def _downloads(run: runs.Run, verified: Any, problem: str | None) -> None:
    from cnn.export import formats

    if problem:
        st.error(problem, icon=":material/error:")
        return
    with st.container(horizontal=True):
        for result in verified.results:
            if result.verified:
                st.badge(str(result), icon=":material/verified:", color="green")
            else:
                st.badge(str(result), icon=":material/error:", color="red")
    with st.container(horizontal=True):
        files: list[tuple[str, Any, str]] = [
            ("Everything (zip)", verified.zip, "zip"),
            ("ONNX", verified.onnx, "onnx"),
            ("Weights (safetensors)", lambda: formats.safetensors(run), "safetensors"),
        ]
        for label, content, suffix in files:
            if content is not None:
                st.download_button(
                    label,
                    content,
                    file_name=formats.file_name(run, suffix),
                    mime="application/octet-stream",
                    icon=":material/download:",
                    on_click="ignore",
                    key=f"take_{suffix}",
                )
