"""Files that the app finds in its folders: weights, a sweep, the class's records, the queue's."""

from __future__ import annotations

import base64
import contextlib
import functools
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import numpy as np
from safetensors.numpy import save
from safetensors.torch import save as save_tensors

from cnn import runs
from cnn.cli.predict import _strokes_image
from cnn.common import workspaces
from cnn.common.files import is_whole_safetensors
from cnn.datasets.loading import read_idx
from cnn.evaluation import test_probabilities
from cnn.inspection.over_epochs import filter_over_epochs
from cnn.runs import challenge, first_kernels, lesson, names, queue, sharing, speeds, watching
from cnn.runs.curves import curves
from cnn.runs.sweep_parameters import parse_parameter
from cnn.runs.sweeps import Sweep, new_sweep
from cnn.runs.weights import load_model
from tests.fuzz.parser import Parser
from tests.fuzz.run_files import whole_run
from ui.live.reader import snapshot


@contextlib.contextmanager
def _folder_with(*names: str) -> Iterator[runs.Run]:
    """A run's folder with its config, in which nothing else lies but what is put there."""
    with tempfile.TemporaryDirectory() as parent:
        run = runs.Run(Path(parent) / whole_run().name)
        run.files.checkpoints.mkdir(parents=True)
        for name in ("config.json", "status.json", *names):
            shutil.copyfile(whole_run() / name, run.path / name)
        yield run


@functools.cache
def _weights() -> list[bytes]:
    model = runs.Run(whole_run()).config.architecture.build()
    return [save_tensors(dict(model.state_dict()))]


def _weights_file(data: bytes) -> object:
    """A run whose weights these are: the newest, and the first epoch's."""
    with _folder_with() as run:
        for path in (run.files.weights, run.files.checkpoint(0)):
            path.write_bytes(data)
        found = [is_whole_safetensors(run.files.weights), run.checkpoints()]
        found.append(first_kernels.at_the_start(run.files, [[[0.0] * 3] * 3] * 2))
        with contextlib.suppress(runs.RunError):
            filter_over_epochs(run, "0.weight", 1)
        load_model(run)
        return found


def _cached() -> list[bytes]:
    arrays = {"loss": np.zeros((3, 2)), "epochs": np.zeros((2, 6)), "of": np.zeros(1)}
    chances = {"probabilities": np.full((4, 10), 0.1, np.float32)}
    return [save(arrays, {"of": "1-1"}), save(chances)]


def _cache(data: bytes) -> object:
    """What is kept beside a run's metrics: its curves, its test set's probabilities."""
    with _folder_with("metrics.jsonl") as run:
        run.files.curves.write_bytes(data)
        run.files.test_probabilities.write_bytes(data)
        return curves(run), test_probabilities(run)


SWEEP = ("sweep.json", "trials.json", "status.json", "control.json")


@functools.cache
def _whole_sweep() -> Path:
    run = runs.Run(whole_run())
    made = new_sweep(run.config, [parse_parameter("learning_rate=0.1,0.2")])
    made.write_trials([{"run": run.id, "values": {"learning_rate": 0.1}, "pruned": False}])
    (made.path / "status.json").write_text('{"state": "failed", "importance": {"epochs": 0.5}}')
    (made.path / "control.json").write_text('{"stop": true}')
    return Path(shutil.move(made.path, Path(tempfile.mkdtemp()) / made.id))


def _sweep(data: bytes) -> object:
    """A sweep's folder in which one file is this; everything that Compare reads of it."""
    with tempfile.TemporaryDirectory() as parent:
        sweep = Sweep(Path(shutil.copytree(_whole_sweep(), Path(parent) / _whole_sweep().name)))
        (sweep.path / SWEEP[(data[0] if data else 0) % len(SWEEP)]).write_bytes(data[1:])
        found = [sweep.trials(), sweep.status(), sweep.importance(), sweep.best()]
        return [*found, sweep.stop_asked(), sweep.config]


def _idx(data: bytes) -> object:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "images"
        path.write_bytes(data)
        return read_idx(path)


# Records that lie in the folders which all workspaces share: where, who reads them, a whole one.
RECORDS: tuple[tuple[Callable[[], Path], Callable[[], object], bytes], ...] = (
    (
        lambda: queue._folder() / "000000001.json",
        queue.tickets,
        b'{"run":"a","workspace":"class","options":[["cpu",["cpu"]]],"taken":["cpu",["cpu"]]}',
    ),
    (queue._served_file, queue._served, b'{"class":1,"va":2}'),
    (speeds._file, speeds.calibration, b'{"calibration 1":[1.0,2.0]}'),
    (
        lesson._file,
        lesson.set_lesson,
        b'{"architecture":{"layers":[]},"settings":{},"dataset":"a"}',
    ),
    (challenge._file, challenge.current, b'{"title":"A","dataset":"mnist","parameters":1000}'),
    (
        lambda: names._file(workspaces.current()),
        lambda: names.who(workspaces.current()),
        '{"name":"Ada =1 \u202e"}'.encode(),
    ),
    (sharing._file, sharing._shared_runs, b'{"runs":{"a":"b"},"digits":3}'),
)


def _record(data: bytes) -> object:
    """A record of the server's, where it lies; the first byte says which."""
    where, read, _ = RECORDS[(data[0] if data else 0) % len(RECORDS)]
    with workspaces.working_in("n" + "0" * 32):
        where().parent.mkdir(parents=True, exist_ok=True)
        where().write_bytes(data[1:])
        try:
            return read()
        finally:
            where().unlink()


def _watch(data: bytes) -> object:
    """What a run's worker is asked to show, and what it has answered."""
    with _folder_with() as run:
        for path in (run.files.watch, run.files.frames):
            path.write_bytes(data)
        return watching.watched(run), snapshot(run)


def _numbered(parts: Iterable[bytes]) -> list[bytes]:
    """Each with its number before it."""
    return [bytes([number]) + part for number, part in enumerate(parts)]


PARSERS = (
    Parser("weights", _weights_file, (runs.RunError,), _weights),
    Parser("kept figures", _cache, (), _cached),
    Parser(
        "sweep",
        _sweep,
        (runs.RunError,),
        lambda: _numbered((_whole_sweep() / name).read_bytes() for name in SWEEP),
    ),
    Parser("record", _record, (), lambda: _numbered(whole for *_, whole in RECORDS)),
    Parser(
        "watched images",
        _watch,
        (),
        lambda: [
            b'{"k":{"images":"%s","layers":{"1":[0,1]}}}' % base64.b64encode(bytes(784)),
            b'{"key":"0123456789abcdef","probabilities":[0.1]}\n',
        ],
    ),
    Parser(
        "line of strokes",
        _strokes_image,
        (),
        lambda: [b'{"strokes": [[[12, 40], [80, 44.5]], [[1, 2]]]}'],
    ),
    Parser(
        "file of images",
        _idx,
        (ValueError,),
        lambda: [b"\0\0\x08\x03" + bytes([0, 0, 0, 2] * 3) + bytes(8)],
    ),
)
