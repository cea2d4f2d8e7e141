"""A run as one zip file, to keep or to hand on; and back again from a file that may be anybody's.

What belongs to one machine stays behind: process, lock, log, the state to resume from. Of a file
that comes in, only names that a run's folder has are taken, each within its limit, and what they
hold is read as any run's folder is: nothing is unpickled, nothing is trusted. Imports no torch.
"""

from __future__ import annotations

import contextlib
import io
import lzma
import re
import secrets
import shutil
import stat
import time
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import IO

from humanize import naturalsize

from cnn.common import workspaces
from cnn.common.files import is_whole_safetensors, parse_json, write_json
from cnn.common.text import excerpt
from cnn.runs import curves, lesson, limits
from cnn.runs.files import EARLY_STEPS, NUMBER, EarlyStep, RunFiles
from cnn.runs.folders import runs_dir
from cnn.runs.run import Run, RunError
from cnn.runs.store import name_for

MOST_BYTES = 200_000_000  # unpacked, in all
MOST_JSON, MOST_LINES, MOST_TENSORS = 4_000_000, 20_000_000, 100_000_000  # of one file
MOST_ROWS = 50_000  # lines of metrics.jsonl: seven hours of training, or a second of reading
MOST_FILES = 300
PART = 1 << 20  # bytes that are unpacked at a time
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # others are unpacked without a bound
IGNORED = ("__MACOSX/", ".DS_Store")  # what a Mac puts into every zip file
CHECKPOINT = re.compile(r"checkpoints/epoch-([0-9]+)\.safetensors")


def _limits() -> dict[str, int]:
    """The files that travel, by their names in the run's folder, and how large each may be."""
    root = Path("run")
    files = RunFiles(root)
    small = [files.config, files.name, files.status, files.notes, files.live, files.parent]
    small += [files.detector_calibration]
    tensors = [files.weights, files.test_probabilities, files.start_weights, files.my_digits]
    limits = dict.fromkeys(small, MOST_JSON) | dict.fromkeys(tensors, MOST_TENSORS)
    limits |= {files.checkpoint(EarlyStep(step)): MOST_TENSORS for step in EARLY_STEPS}
    limits[files.metrics] = MOST_LINES
    return {path.relative_to(root).as_posix(): most for path, most in limits.items()}


LIMITS = _limits()
METRICS = RunFiles(Path()).metrics.name


def _limit(name: str) -> int | None:
    """How large the file of that name may be; None for one that no run has."""
    number = CHECKPOINT.fullmatch(name)
    if number and NUMBER.fullmatch(number.group(1)):
        return MOST_TENSORS
    return LIMITS.get(name)


def to_zip(run: Run) -> bytes:
    """The run as a zip file's bytes. Raises RunError where it is larger than `from_zip` takes, or
    cannot be read."""
    paths = [run.path / name for name in LIMITS]
    paths += [run.files.checkpoint(epoch) for epoch in run.checkpoints()]
    found = [path for path in paths if path.is_file() and not path.is_symlink()]
    try:
        size = sum(path.stat().st_size for path in found)
        if size > MOST_BYTES or len(found) > MOST_FILES:
            raise RunError(
                f"'{run.name}' takes {naturalsize(size)} in {len(found)} files: more than a zip "
                f"file of this app holds. Its folder is {run.path}."
            )
        if run.files.metrics in found and run.files.metrics.read_bytes().count(b"\n") > MOST_ROWS:
            raise RunError(
                f"The metrics of '{run.name}' have more than the {MOST_ROWS:,} lines that a zip "
                f"file of this app holds. Its folder is {run.path}."
            )
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            for path in found:
                archive.write(path, path.relative_to(run.path).as_posix())
    except OSError as error:
        raise RunError(f"'{run.name}' could not be packed: {error.strerror}.") from error
    return packed.getvalue()


def from_zip(content: bytes) -> Run:
    """A new run of a zip file's bytes, which may be anybody's. Raises RunError, saying what is
    wrong with it, and leaves no folder then."""
    limits.require_may_change()
    folder = runs_dir() / f".import-{secrets.token_hex(4)}"
    run = Run(folder)
    try:
        _unpack(content, run)
        _check(run)
        limits.require_allowed(run.config, limits.limits(workspaces.current()))
        lesson.require_kept(run.config, workspaces.current())
        if run.config.created > (now := time.time()):  # it would be the newest for years
            write_json(run.files.config, run.config.changed(created=now).model_dump(mode="json"))
        if run.name == run.id:  # it came without a name: the folder's own says nothing
            write_json(run.files.name, {"name": name_for(run.config)})
        curves.keep(run)  # now, and not whenever somebody looks at the table
        label = re.sub(r"[^A-Za-z0-9]+", "-", run.name).strip("-").lower()[:30] or "run"
        run_id = f"{time.strftime('%Y%m%d-%H%M%S')}-{label}-{secrets.token_hex(2)}"
        folder.rename(runs_dir() / run_id)
    except OSError as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise RunError(f"The run could not be written: {error.strerror}.") from error
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return Run(runs_dir() / run_id)


def _unpack(content: bytes, run: Run) -> None:
    """Put the files of a zip file into the run's folder, a part at a time: a small zip file may
    hold very much. Raises RunError, and OSError where they cannot be written."""
    with _readable():
        archive = zipfile.ZipFile(io.BytesIO(content))
        entries = _entries(archive)
    limits.require_room(sum(entry.file_size for entry in entries.values()))
    if run.files.config.name not in entries:
        raise RunError("This zip file holds no config.json: it is not a run of this app.")
    run.files.checkpoints.mkdir(parents=True)
    rows = 0
    for name, entry in entries.items():
        with _readable():
            packed = archive.open(entry)
        with packed, (run.path / name).open("xb") as file:
            while part := _part(packed):
                file.write(part)
                rows += part.count(b"\n") if name == METRICS else 0
                if rows > MOST_ROWS:
                    raise RunError(
                        f"'{METRICS}' in this zip file has more than the {MOST_ROWS:,} lines that "
                        "are read."
                    )


def _part(packed: IO[bytes]) -> bytes:
    """The next part of a file; never more in all than its header says, which was checked."""
    with _readable():
        return packed.read(PART)


@contextlib.contextmanager
def _readable() -> Iterator[None]:
    """Raise RunError, saying why, for what the zip file's reader raises."""
    try:
        yield
    except (
        *(zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError),
        *(NotImplementedError, RuntimeError),
    ) as error:
        if isinstance(error, RunError):
            raise
        reason = "it is locked with a password" if "encrypted" in str(error) else "it is damaged"
        raise RunError(f"This is not a zip file that can be read: {reason}.") from None
    except (ValueError, OSError, OverflowError, LookupError):
        raise RunError("This is not a zip file that can be read: it is damaged.") from None


def _entries(archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    """The files in a zip file by their names in a run's folder. Raises RunError."""
    entries = [e for e in archive.infolist() if not e.is_dir() and not _is_ignored(e.filename)]
    if len(entries) > MOST_FILES:
        raise RunError(f"This zip file holds {len(entries):,} files: a run has fewer.")
    folder = _common_folder([entry.filename for entry in entries])
    found: dict[str, zipfile.ZipInfo] = {}
    left = MOST_BYTES
    for entry in entries:
        name = entry.filename.removeprefix(folder)
        most = _limit(name)
        if stat.S_ISLNK(entry.external_attr >> 16):
            raise RunError(
                f"This zip file holds a link ('{excerpt(entry.filename)}'): no run does."
            )
        if most is None:
            raise RunError(f"This zip file holds '{excerpt(entry.filename)}', which no run has.")
        if name in found:
            raise RunError(f"This zip file holds '{name}' twice.")
        if entry.compress_type not in METHODS:
            raise RunError(f"'{name}' in this zip file is packed by another method than deflate.")
        if entry.file_size > min(most, left):
            raise RunError(f"'{name}' in this zip file is larger than a run's ever is.")
        found[name] = entry
        left -= entry.file_size
    return found


def _is_ignored(name: str) -> bool:
    return name.startswith(IGNORED[0]) or PurePosixPath(name).name == IGNORED[1]


def _common_folder(names: list[str]) -> str:
    """The one folder in which all of them lie, as in a zip file made of a run's folder; or "" ."""
    first = {name.partition("/")[0] for name in names}
    if len(first) == 1 and all("/" in name for name in names) and first != {"checkpoints"}:
        return f"{first.pop()}/"
    return ""


def _check(run: Run) -> None:
    """Raise RunError where what was unpacked is no run that this app can show."""
    try:
        _ = run.config
    except RunError as error:
        why = (
            str(error)
            .replace(f"'{run.id}'", "It")
            .removesuffix(" Delete the run, or put the file back.")
        )
        raise RunError(f"This zip file is no run of this app. {why}") from None
    for path in run.path.rglob("*"):
        if path.suffix == ".json":
            try:
                parse_json(path.read_bytes(), MOST_JSON)
            except ValueError as error:
                raise RunError(
                    f"'{path.name}' in this zip file is no JSON ({excerpt(error)})."
                ) from None
        elif path.suffix == ".safetensors" and not is_whole_safetensors(path):
            raise RunError(f"'{path.name}' in this zip file is damaged or cut short.")
