"""What a network in training makes of the images that somebody watches, several times a second.

A line of `frames.jsonl` for each subject, so that a server passes it on without reading it:

    {"key": "…16 letters", "step": 120, "probabilities": [[…], …],
     "layers": [{"number": 1, "shape": [24, 28, 28], "shown": [0, 5], "signed": true, "peak": 2.1,
                 "data": "bytes in base64, 0-255 for 0 to peak, or for -peak to peak"}]}
"""

from __future__ import annotations

import base64
import json
import math
import time
from typing import Any

import torch
from torch import Tensor, nn

from cnn.common.files import write_bytes
from cnn.datasets import Preprocessing
from cnn.runs import watching
from cnn.runs.run import Run
from cnn.training.accelerators import Accelerator
from cnn.training.trainer import Trainer

FRAME_SECONDS = 0.16  # between two frames, at least
FRAME_SHARE = 0.07  # at most this share of the time goes into frames
LOOK_SECONDS = 0.05  # between two looks whether somebody watches
MOST_VALUES = 65_536  # of one layer: maps beyond it are left out


class FrameWriter:
    """Writes frames while they are wanted; costs one `stat` now and then where they are not."""

    def __init__(self, run: Run, trainer: Trainer):
        self._run, self._trainer = run, trainer
        self._subjects: list[watching.Subject] = []
        self._seen = 0
        self._looked = self._written = self._cost = 0.0

    def wanted(self) -> bool:
        """Whether somebody watches."""
        now = time.monotonic()
        if now - self._looked > LOOK_SECONDS:
            self._looked = now
            changed = watching.watched_since(self._run)
            if changed != self._seen:
                self._seen = changed
                self._subjects = watching.watched(self._run) if changed else []
        return bool(self._subjects)

    def write_if_due(self) -> None:
        """A frame, unless nobody watches or the last one was a moment ago."""
        apart = max(FRAME_SECONDS, self._cost / FRAME_SHARE)
        if self.wanted() and time.monotonic() - self._written >= apart:
            self.write()

    def write(self) -> None:
        """A frame of the network as it is now. It is left in evaluation mode."""
        if not self.wanted():
            return
        began = time.monotonic()
        trainer, step = self._trainer, self._trainer.position.step
        how = trainer.preprocessing, trainer.accelerator
        frames = [make_frame(trainer.model, s, step, *how) for s in self._subjects]
        lines = [json.dumps(frame, separators=(",", ":")) for frame in frames]
        write_bytes(self._run.files.frames, "\n".join(lines).encode())
        self._written = time.monotonic()
        self._cost = self._written - began


@torch.inference_mode()
def make_frame(
    model: nn.Sequential,
    subject: watching.Subject,
    step: int,
    preprocessing: Preprocessing,
    accelerator: Accelerator | None = None,
) -> dict[str, Any]:
    """What a network makes of a subject, as a line of `frames.jsonl` has it. `accelerator`: where
    the network lies; None: on the CPU. Leaves it in evaluation mode."""
    accelerator = accelerator or Accelerator(torch.device("cpu"))
    model.eval()
    layers = []
    x = torch.from_numpy(subject.images.copy()).to(accelerator.device)
    with accelerator.autocast():
        x = preprocessing(x)
        for number, module in enumerate(model, start=1):
            x = module(x)
            if number in subject.layers:
                layers.append({"number": number, **_packed(x[0], subject.layers[number])})
    rounded = [[round(p, 4) for p in row] for row in x.float().softmax(1).cpu().tolist()]
    return {"key": subject.key, "step": step, "probabilities": rounded, "layers": layers}


def _packed(output: Tensor, wanted: tuple[int, ...]) -> dict[str, Any]:
    """Some maps or units of a layer's output as bytes on one scale; all where none is `wanted`."""
    shape = list(output.shape)
    shown = [c for c in wanted or range(shape[0]) if 0 <= c < shape[0]]
    shown = shown[: max(1, MOST_VALUES // math.prod(shape[1:]))]
    values = torch.nan_to_num(output[shown].float()).cpu()
    peak, signed = float(values.abs().max()) or 1.0, bool((values < 0).any())
    share = values / peak
    scaled = (share + 1) * 127.5 if signed else share * 255
    data = scaled.round().clamp(0, 255).to(torch.uint8).contiguous().numpy().tobytes()
    packed = base64.b64encode(data).decode()
    look = {"shape": shape, "shown": shown, "signed": signed, "peak": round(peak, 4)}
    return {**look, "data": packed}
