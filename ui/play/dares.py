"""Three dares, each with a check of its own by the figures of the runs there are."""

from __future__ import annotations

import contextlib
import functools

import streamlit as st

from cnn import runs
from cnn.network.layers import Dropout
from cnn.presets.dares import DARES, Result

RUNS_LOOKED_AT, RESULTS_KEPT = 40, 400


def show() -> None:
    """One row: each dare opens to a hint and how far it has come. Only what was trained here wins,
    and from random weights: no example, no import, no copy."""
    mine = [run for run in runs.list_runs()[:RUNS_LOOKED_AT] if run.is_own and run.was_trained_here]
    results = [result_of(run) for run in mine]
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="play_dares"):
        st.markdown("**Dares**", width="content")
        for dare in DARES:
            verdict = dare.check(results)
            icon = ":material/trophy:" if verdict.won else ":material/flag:"
            won = " · won" if verdict.won else ""
            key = f"dare_{dare.title}"
            with st.popover(f"{dare.title}{won}", key=key, icon=icon, type="tertiary"):
                st.markdown(dare.hint)
                said = f"**Won.** {verdict.text}" if verdict.won else verdict.text
                st.markdown(said)


def result_of(run: runs.Run) -> Result:
    """A run's figures, read anew where its files have changed."""
    stamps = []
    for path in (run.files.config, run.files.status, run.files.metrics, run.files.control):
        with contextlib.suppress(OSError):
            found = path.stat()
            stamps.append((found.st_mtime_ns, found.st_size, found.st_ino))
    return _read(run, tuple(stamps))


@functools.lru_cache(maxsize=RESULTS_KEPT)
def _read(run: runs.Run, _stamps: tuple[tuple[int, ...], ...]) -> Result:
    config, status = run.config, run.status()
    ends = [row for row in run.metrics() if row["kind"] == "epoch"]
    rates = [
        layer.rate
        for layer in config.architecture.layers
        if isinstance(layer, Dropout) and layer.enabled
    ]
    return Result(
        parameters=config.architecture.parameters,
        twin=_twin(config),
        label_noise=config.settings.label_noise,
        dropout=max(rates, default=0.0),
        held_out=config.validation_images,
        finished=status["state"] == "finished",
        steered="learning_rate" in run.control(),
        train_accuracy=ends[-1]["train_accuracy"] if ends else None,
        validation_accuracy=ends[-1].get("validation_accuracy") if ends else None,
        test_accuracy=status.get("test_accuracy"),
    )


def _twin(config: runs.Config) -> str:
    """Everything that makes a run what it is but dropout and the seed."""
    layers = [layer for layer in config.architecture.layers if not isinstance(layer, Dropout)]
    return repr(
        (
            layers,
            config.architecture.head,
            config.settings.changed(seed=0),
            config.dataset,
            config.first_filter,
        )
    )
