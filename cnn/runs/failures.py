"""How a training failed, in words, and with which settings another try should work.

Imports torch only where memory has to be given back.
"""

from __future__ import annotations

import contextlib
import errno
import traceback

from cnn.common.text import excerpt
from cnn.runs.run import Run
from cnn.training import devices, memory


def record_failure(run: Run, error: Exception, background: bool) -> None:
    """Write the traceback to the log, and to the status what went wrong, in words."""
    with contextlib.suppress(OSError):
        if background:  # its stderr is the log; a terminal gets the one line below
            traceback.print_exc()
        else:
            with run.files.log.open("a") as file:
                traceback.print_exc(file=file)
    with contextlib.suppress(OSError):
        status = run.last_status()
        if status["state"] != "failed":  # of several processes the first tells the cause
            status["state"], status["message"] = "failed", explain(error, run)
            status["suggested_settings"] = suggest_settings(run, error)
            run.write_status(**status)


def explain(error: Exception, run: Run) -> str:
    """What went wrong, in words for the person who pressed Train."""
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        then = "resume" if run.has_resume_state() else "start it again"
        return f"The disk is full: nothing more could be saved. Free some space, then {then}."
    if memory.is_out_of_memory(error):
        return "The device ran out of memory. Use a smaller batch size or a smaller network."
    if isinstance(error, (OSError, RuntimeError, ValueError)) and str(error):
        return excerpt(str(error).splitlines()[0], 400)
    return f"{type(error).__name__}: the log below says where."


def suggest_settings(run: Run, error: Exception) -> dict[str, float] | None:
    """The settings with which another try should work, None where that is not known."""
    if memory.is_out_of_memory(error):
        settings, free = run.config.settings, None
        with contextlib.suppress(Exception):
            free = _free_memory(run, error)
        fits = memory.largest_batch(run.config.architecture, settings, free)
        return {"batch_size": fits} if fits < settings.batch_size else None
    return getattr(error, "suggested_settings", None) or None


def _free_memory(run: Run, error: Exception) -> int | None:
    """Bytes free on the run's device, once the failed training's are given back."""
    from cnn.training.accelerators import accelerator_for

    # The traceback's frames still hold the trainer: its weights, its images, its activations.
    seen: BaseException | None = error
    while seen is not None:
        traceback.clear_frames(seen.__traceback__)
        seen = seen.__cause__ or seen.__context__
    device = devices.find_device(str(run.last_status().get("device") or run.config.device))
    accelerator = accelerator_for(device)
    accelerator.release_memory()
    return accelerator.memory_free()
