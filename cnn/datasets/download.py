"""Downloading a data set: from several mirrors, with progress, time-outs and verified checksums.

`download` imports torchvision: the Train page shows before it is loaded.
"""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import os
import shutil
import threading
import traceback
import urllib.request
from collections.abc import Callable, Iterator
from http.client import HTTPException
from pathlib import Path

from cnn.common.progress import Progress
from cnn.common.server import server_settings
from cnn.datasets.catalogue import DATASETS, DataError, data_dir, is_on_disk

TIMEOUT_SECONDS = 15.0
CHUNK = 1 << 16

FileProgress = Callable[[float, str], None]  # the share done (0 to 1) and the file's name


class NoAnswer(Exception):
    """A mirror that cannot be reached, or does not send the file."""


class Cancelled(Exception):
    """The person did not want it after all."""


def download(name: str, progress: FileProgress = lambda share, file: None) -> None:
    """Download data set `name` into `CNN_DATA_DIR`, in torchvision's layout.

    Every file is compared with torchvision's MD5 before it is kept; files that are there already
    are not downloaded again. Raises DataError with the answer of every mirror; what `progress`
    raises ends the download.
    """
    if server_settings().read_only:
        raise DataError("This server only shows: nothing is downloaded.")
    import torchvision

    dataset = DATASETS[name]
    if dataset.torchvision_name is None or is_on_disk(name):
        return
    source = getattr(torchvision.datasets, dataset.torchvision_name)
    raw = data_dir() / dataset.torchvision_name / "raw"
    count = len(source.resources)
    try:
        raw.mkdir(parents=True, exist_ok=True)
        for place, (file, md5) in enumerate(source.resources):
            target = raw / file.removesuffix(".gz")
            if not target.is_file():
                of_all = _share_of_all(progress, file, place, count)
                _unpack(fetch(file, md5, source.mirrors, raw, of_all), target)
    except OSError as error:
        raise DataError(
            f"{dataset.label} could not be saved in {raw}: {error.strerror or error}."
        ) from error
    progress(1.0, "Done")


def _share_of_all(progress: FileProgress, file: str, place: int, count: int) -> Progress:
    """`progress` for one of `count` files of about equal size."""
    return lambda share: progress((place + share) / count, file)


def fetch(file: str, md5: str, mirrors: list[str], folder: Path, progress: Progress) -> Path:
    """Download one file from the first mirror that sends it whole. Raises DataError."""
    target = folder / file
    part = _part_of(target)
    answers = []
    try:
        for mirror in mirrors:
            try:
                digest = _stream(f"{mirror.rstrip('/')}/{file}", part, progress)
            except NoAnswer as error:
                answers.append(f"{mirror} ({error})")
                continue
            if digest == md5:
                part.replace(target)
                return target
            answers.append(f"{mirror} (sent a damaged file)")
    finally:
        part.unlink(missing_ok=True)
    raise DataError(
        f"{file} could not be fetched. Tried: {'; '.join(answers)}. Check the network and try "
        "again, or train on the bundled MNIST sample."
    )


def _stream(url: str, part: Path, progress: Progress) -> str:
    """Save what `url` sends into `part`; returns its MD5."""
    digest = hashlib.md5(usedforsecurity=False)
    request = urllib.request.Request(url, headers={"User-Agent": "cnn-playground"})
    with contextlib.ExitStack() as opened:
        with _mirror_errors():
            response = opened.enter_context(
                urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS)
            )
        length = response.headers.get("Content-Length", "")
        size, done = int(length) if length.isdecimal() else 0, 0
        out = opened.enter_context(part.open("wb"))
        while True:
            progress(min(1.0, done / size) if size else 0.0)
            with _mirror_errors():
                block = response.read(CHUNK)
            if not block:
                return digest.hexdigest()
            out.write(block)
            digest.update(block)
            done += len(block)


@contextlib.contextmanager
def _mirror_errors() -> Iterator[None]:
    """Raise errors of the network as NoAnswer; those of the disk stay OSErrors."""
    try:
        yield
    except (OSError, HTTPException, ValueError) as error:  # URLError is an OSError
        reason = getattr(error, "reason", None) or error
        raise NoAnswer(getattr(reason, "strerror", None) or str(reason) or "no answer") from error


def _part_of(target: Path) -> Path:
    """The unfinished file's path; each thread has its own, since two may download the same."""
    return target.with_name(f"{target.name}.{os.getpid()}-{threading.get_ident()}.part")


def _unpack(archive: Path, target: Path) -> None:
    part = _part_of(target)
    try:
        with gzip.open(archive, "rb") as packed, part.open("wb") as plain:
            shutil.copyfileobj(packed, plain)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    archive.unlink(missing_ok=True)


class Download:
    """A download in a thread of its own, so that no page waits for it.

    `share` (0 to 1) and `text` say how far it is; `error` is set where it failed.
    """

    def __init__(self, name: str):
        self.name, self.share, self.text = name, 0.0, "Connecting"
        self.error: str | None = None
        self._cancelled = threading.Event()
        self._thread = threading.Thread(target=self._work, daemon=True, name=f"download-{name}")
        self._thread.start()

    @property
    def running(self) -> bool:
        """Whether it is not finished yet."""
        return self._thread.is_alive()

    def cancel(self) -> None:
        """End it; the unfinished file is deleted."""
        self._cancelled.set()

    def _work(self) -> None:
        def progress(share: float, text: str) -> None:
            self.share, self.text = share, text
            if self._cancelled.is_set():
                raise Cancelled

        try:
            download(self.name, progress)
        except Cancelled:
            self.error = "The download was cancelled."
        except DataError as error:
            self.error = str(error)
        except Exception as error:  # nobody else would see it
            self.error = f"The download failed: {error or type(error).__name__}."
            traceback.print_exc()
