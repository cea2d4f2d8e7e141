"""Networks and data in the app's own process: few, small, shared by all sessions.

Cached by run, epoch and the weight file's time, so that a run in training is seen with its newest
weights.
"""

from __future__ import annotations

import contextlib
import gc
import threading
from typing import Any

import streamlit as st

from cnn import runs
from cnn.training.devices import Device


@st.cache_resource(max_entries=8, show_spinner=False)
def _model(run_id: str, epoch: int | None, changed: int) -> Any:
    from cnn.runs.weights import load_model

    return load_model(runs.open_run(run_id), epoch)


def model_of(run: runs.Run, epoch: int | None = None) -> Any:
    """The run's network at an epoch (None: newest weights). Raises RunError."""
    try:
        changed = run.weights_path(epoch).stat().st_mtime_ns
    except OSError as error:
        raise runs.RunError(f"The weights of '{run.name}' cannot be read.") from error
    return _model(run.id, epoch, changed)


@st.cache_resource(show_spinner=False)
def loader() -> threading.Thread:
    """Import torch in the background, once per server, after the first paint."""

    def work() -> None:
        global _devices
        import torchvision  # noqa: F401

        from cnn.training.devices import list_devices, use_few_threads

        use_few_threads()
        # Streamlit collects garbage after every run of a page or fragment, and torch's objects,
        # which will never be garbage, made each of those take 100 ms: three quarters of a rerun.
        gc.freeze()
        _devices = list_devices()

    thread = threading.Thread(target=work, daemon=True, name="import-torch")
    thread.start()
    return thread


_devices: list[Device] | None = None


def known_devices() -> list[Device] | None:
    """The devices, or None while torch is still being imported."""
    return _devices


def devices() -> list[Device]:
    """The devices with their memory as it is now; waits for torch."""
    from cnn.training.devices import list_devices

    loader().join()
    return list_devices()


@st.cache_resource(max_entries=32, show_spinner=False)
def _judge(run_id: str) -> tuple[threading.Event, threading.Thread]:
    """Fit what tells digits from other things for a run, in the background, once."""
    ready = threading.Event()

    def work() -> None:
        import numpy as np

        from cnn.recognition.calibration import digit_scores

        with contextlib.suppress(Exception):  # no data set: then nothing is called strange
            run = runs.open_run(run_id)
            digit_scores(run, model_of(run), np.zeros((1, 28, 28), np.float32))
            ready.set()

    # Not a daemon: torch aborts the process where Python ends in the middle of a step.
    thread = threading.Thread(target=work, name="judge")
    thread.start()
    return ready, thread


def judge_ready(run: runs.Run) -> bool:
    """Whether it can be said at once what looks like a digit to a run; if not yet, it will."""
    return _judge(run.id)[0].is_set()


def judge_pending(run: runs.Run) -> bool:
    """Whether it is being fitted right now."""
    ready, thread = _judge(run.id)
    return not ready.is_set() and thread.is_alive()
