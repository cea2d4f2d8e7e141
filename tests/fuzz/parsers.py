"""Every parser of what may be anybody's, as a function of bytes with the errors that it declares:
here what is uploaded or opened as a link; of files and requests in `records` and `requests`."""

from __future__ import annotations

import base64
import contextlib
import io
import json
import shutil
import tempfile
import zipfile
import zlib
from pathlib import Path

import numpy as np
from PIL import Image

from cnn import drawing, runs
from cnn.drawing import my_digits
from cnn.export import share_link
from cnn.network import ArchitectureError, from_json, to_json
from cnn.presets import PRESETS
from cnn.runs import zipped
from cnn.runs.curves import curves
from cnn.runs.notes import notes
from cnn.runs.sweep_parameters import parse_parameter, require_valid
from cnn.training import Settings
from tests.fuzz import records, requests
from tests.fuzz.parser import Parser
from tests.fuzz.run_files import whole_run


def _links() -> list[bytes]:
    made = [PRESETS[name] for name in ("compact", "tutorial", "lenet5")]
    return [share_link.to_link(one.architecture, one.settings, "mnist").encode() for one in made]


def _link(data: bytes) -> object:
    return share_link.from_link(data.decode("utf-8", "surrogateescape"))


def _link_contents() -> list[bytes]:
    return [
        zlib.decompressobj(-15, zdict=share_link._DICTIONARY).decompress(raw[9:])
        for raw in (
            base64.urlsafe_b64decode(token + b"=" * (-len(token) % 4)) for token in _links()
        )
    ]


def _link_content(data: bytes) -> object:
    """A link whose checksum is right, whatever it holds."""
    packer = zlib.compressobj(1, zlib.DEFLATED, -15, zdict=share_link._DICTIONARY)
    packed = packer.compress(data) + packer.flush()
    raw = share_link.FORMAT + share_link._checksum(packed) + packed
    return share_link.from_link(base64.urlsafe_b64encode(raw).rstrip(b"=").decode())


FILES = ("config", "status", "control", "notes", "live", "name", "resume", "finetune")


def _folders() -> list[bytes]:
    """Each file of a run with its number before it."""
    whole = whole_run()
    contents = [(i, whole / f"{name}.json") for i, name in enumerate(FILES)]
    return [bytes([i]) + (path.read_bytes() if path.is_file() else b"{}") for i, path in contents]


def _folder(data: bytes) -> object:
    """A run's folder in which one JSON file is this; everything a page reads of it."""
    name = FILES[(data[0] if data else 0) % len(FILES)]
    with tempfile.TemporaryDirectory() as parent:
        folder = Path(parent) / whole_run().name
        shutil.copytree(whole_run(), folder)
        (folder / f"{name}.json").write_bytes(data[1:])
        run = runs.Run(folder)
        with contextlib.suppress(runs.RunError):
            _ = run.config.architecture
        found = [run.status(), run.control(), notes(run), run.live(), run.name, run.log()]
        return [*found, run.can_resume(), run.checkpoints(), run.metrics()]


def _zips() -> list[bytes]:
    return [zipped.to_zip(runs.Run(whole_run()))]


def _zip(data: bytes) -> object:
    made = zipped.from_zip(data)
    shutil.rmtree(made.path)
    return made


def _members() -> list[bytes]:
    names = ("config.json", "status.json", "name.json", "metrics.jsonl")
    return [name.encode() + b"\n" + (whole_run() / name).read_bytes() for name in names]


def _member(data: bytes) -> object:
    """A whole run's zip file in which one file has this name and content."""
    name, _, content = data.partition(b"\n")
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for file in ("config.json", "status.json", "name.json", "metrics.jsonl"):
            if file.encode() != name:
                archive.write(whole_run() / file, file)
        archive.writestr(name.decode("latin-1").replace("\0", "") or "x", content)
    return _zip(packed.getvalue())


def _metrics(data: bytes) -> object:
    with tempfile.TemporaryDirectory() as parent:
        folder = Path(parent) / "run"
        folder.mkdir()
        run = runs.Run(folder)
        run.files.metrics.write_bytes(data)
        return run.metrics(), curves(run)


def _pictures() -> list[bytes]:
    paper = np.full((60, 50), 250, np.uint8)
    paper[10:50, 20:26] = 10
    made = []
    for kind in ("PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP"):
        file = io.BytesIO()
        Image.fromarray(paper).save(file, kind)
        made.append(file.getvalue())
    return made


def _picture(data: bytes) -> object:
    return drawing.from_image(drawing.open_image(io.BytesIO(data)))


def _drawings() -> list[bytes]:
    line = {"label": 7, "strokes": [[[80, 60], [200.5, 60], [130, 230]], [[1, 2]]]}
    return [json.dumps(line).encode(), (json.dumps(line) + "\n").encode() * 3]


def _sweep(data: bytes) -> object:
    found = parse_parameter(data.decode("utf-8", "replace"))
    require_valid(found, Settings())
    return found


PARSERS = {
    one.name: one
    for one in (
        Parser("share link", _link, (share_link.SharingError,), _links),
        Parser("content of a link", _link_content, (share_link.SharingError,), _link_contents),
        Parser("file in a run's folder", _folder, (), _folders),
        Parser("zip file", _zip, (runs.RunError,), _zips),
        Parser("file in a zip file", _member, (runs.RunError,), _members),
        Parser("metrics", _metrics, (), lambda: [(whole_run() / "metrics.jsonl").read_bytes()]),
        Parser("picture", _picture, (drawing.DigitError,), _pictures),
        Parser("strokes", my_digits.parse, (my_digits.CollectionError,), _drawings),
        Parser(
            "sweep parameter",
            _sweep,
            (runs.RunError,),
            lambda: [b"learning_rate=0.001..0.1", b"batch_size=32,64", b"optimizer=sgd,adam"],
        ),
        Parser(
            "network",
            from_json,
            (ArchitectureError,),
            lambda: [
                to_json(PRESETS[name].architecture).encode()
                for name in ("compact", "vgg")
                if name in PRESETS
            ],
        ),
        *records.PARSERS,
        *requests.PARSERS,
    )
}
