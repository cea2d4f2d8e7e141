"""Networks, devices and the out-of-distribution detector in the app's own process: few, small,
shared by all sessions.

Networks are cached by the weights' file and its time, so that a run in training is seen
with its newest weights. torch is imported inside functions: the first page does not wait for it.
"""

from __future__ import annotations

import contextlib
import gc
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from cnn import runs
from cnn.runs import standby
from cnn.training.device import Device
from cnn.training.devices import list_devices, use_few_threads

if TYPE_CHECKING:
    from torch import nn


@st.cache_resource(max_entries=8, show_spinner=False)
def _model(path: Path, changed: int, _run: runs.Run, _when: runs.When | None) -> nn.Module:
    from cnn.runs.weights import load_model

    return load_model(_run, _when)


def model_of(run: runs.Run, when: runs.When | None = None) -> nn.Module:
    """The run's network after an epoch or an early step (None: newest weights). Raises RunError."""
    try:
        path = run.weights_path(when)
        changed = path.stat().st_mtime_ns
    except OSError as error:
        raise runs.RunError(f"The weights of '{run.name}' cannot be read.") from error
    return _model(path, changed, run, when)


# What is loaded, in this order: the first answer waits for no more than it needs.
STAGES = ("PyTorch", "the network", "the list of devices")


@st.cache_resource(show_spinner=False)
def loader() -> threading.Thread:
    """The thread that imports torch, started once per server, after the first paint."""

    def work() -> None:
        global _devices, _problem, _stage
        try:
            import torch  # noqa: F401

            use_few_threads()
            _stage = 1
            _ask_once()
            gc.freeze()  # torch's objects will never be garbage: not to be looked at each time
            _stage = 2
            standby.start()  # before the devices are known: then the page asks it for a forecast
            _devices = list_devices()
            _stage = len(STAGES)
        except Exception as error:  # a broken installation: the pages say so
            _problem = f"PyTorch could not be loaded: {str(error).splitlines()[0][:300]}"

    thread = threading.Thread(target=work, daemon=True, name="import-torch")
    thread.start()
    return thread


def _ask_once() -> None:
    """Ask the run that a new visitor meets for an answer: the first one takes longest."""
    from cnn import recognition

    with contextlib.suppress(Exception):  # whoever asks it for an answer is told what is wrong
        if run := runs.newest_run():
            # Of an example the detector is there as well; any other's may have to be fitted.
            blank = np.zeros((1, 28, 28), np.float32)
            recognition.read(run, model_of(run), blank, check_is_digit=run.is_example)
            if run.is_example:
                detector_ready(run)


_devices: list[Device] | None = None
_problem: str | None = None
_stage = 0  # of STAGES, how many are done


def can_ask() -> bool:
    """Whether a network can be asked for an answer."""
    return _stage >= 2


def loading_share() -> float:
    """How much of STAGES is done, 0-1."""
    return _stage / len(STAGES)


def loading_text() -> str:
    """What is being loaded, in words."""
    number = min(_stage, len(STAGES) - 1)
    return f"Loading {STAGES[number]} ({number + 1} of {len(STAGES)})…"


def known_devices() -> list[Device] | None:
    """The devices, or None while torch is still being imported, or could not be."""
    return _devices


def loading_problem() -> str | None:
    """Why PyTorch could not be loaded; None where it was, or is being loaded."""
    return _problem


def devices() -> list[Device]:
    """The devices with their memory as it is now; waits for torch."""
    loader().join()
    return list_devices()


@st.cache_resource(max_entries=32, show_spinner=False)
def _detector(run_id: str, _run: runs.Run) -> tuple[threading.Event, threading.Thread]:
    """Fit a run's out-of-distribution detector in the background, once."""
    ready = threading.Event()

    def work() -> None:
        from cnn.recognition.calibration import digit_scores

        with contextlib.suppress(Exception):  # no data set: then every drawing counts as a digit
            digit_scores(_run, model_of(_run), np.zeros((1, 28, 28), np.float32))
            ready.set()

    # Not a daemon: torch aborts the process where Python ends in the middle of a step.
    thread = threading.Thread(target=work, name="detector")
    thread.start()
    return ready, thread


def detector_ready(run: runs.Run) -> bool:
    """Whether a run's detector is fitted; if not yet, it will be."""
    return _detector(run.id, run)[0].is_set()


def detector_pending(run: runs.Run) -> bool:
    """Whether it is being fitted right now."""
    ready, thread = _detector(run.id, run)
    return not ready.is_set() and thread.is_alive()
