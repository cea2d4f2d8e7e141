"""Fetching a data set: from several mirrors, with progress and time-outs, checksums verified."""

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

from cnn.datasets.catalogue import DATASETS, DataError, data_dir, is_on_disk

TIMEOUT_SECONDS = 15.0
CHUNK = 1 << 16

Progress = Callable[[float, str], None]


class NoAnswer(Exception):
    """A mirror that cannot be reached, or does not send what was asked for."""


class Cancelled(Exception):
    """The person did not want it after all."""


def download(
    name: str,
    progress: Progress = lambda share, text: None,
    cancelled: threading.Event | None = None,
) -> None:
    """Fetch data set `name` into `CNN_DATA_DIR`, in torchvision's layout.

    `progress` gets the share done (0 to 1) and what is being fetched. Every file is checked
    against torchvision's MD5 before it counts; what was fetched before is kept. Raises DataError
    naming what every mirror answered, and Cancelled when `cancelled` is set.
    """
    import torchvision

    dataset = DATASETS[name]
    if dataset.torchvision_name is None or is_on_disk(name):
        return
    source = getattr(torchvision.datasets, dataset.torchvision_name)
    raw = data_dir() / dataset.torchvision_name / "raw"
    mirrors = [*dataset.mirrors, *source.mirrors]
    try:
        raw.mkdir(parents=True, exist_ok=True)
        for place, (file, md5) in enumerate(source.resources):
            target = raw / file.removesuffix(".gz")
            if not target.is_file():

                def file_progress(share: float, place: int = place, file: str = file) -> None:
                    progress((place + share) / len(source.resources), file)

                archive = fetch(file, md5, mirrors, raw, file_progress, cancelled)
                _unpack(archive, target)
    except OSError as error:
        raise DataError(
            f"{dataset.label} could not be saved in {raw}: {error.strerror or error}."
        ) from error
    progress(1.0, "Done")


def fetch(
    file: str,
    md5: str,
    mirrors: list[str],
    folder: Path,
    progress: Callable[[float], None],
    cancelled: threading.Event | None = None,
) -> Path:
    """Fetch one file from the first mirror that gives it whole. Raises DataError or Cancelled."""
    target = folder / file
    part = _part_of(target)
    answers = []
    try:
        for mirror in mirrors:
            try:
                digest = _stream(f"{mirror.rstrip('/')}/{file}", part, progress, cancelled)
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


def _stream(
    url: str, part: Path, progress: Callable[[float], None], cancelled: threading.Event | None
) -> str:
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
            if cancelled is not None and cancelled.is_set():
                raise Cancelled
            with _mirror_errors():
                block = response.read(CHUNK)
            if not block:
                return digest.hexdigest()
            out.write(block)
            digest.update(block)
            done += len(block)
            progress(min(1.0, done / size) if size else 0.0)


@contextlib.contextmanager
def _mirror_errors() -> Iterator[None]:
    """Whatever goes wrong with the network is the mirror's; the disk's errors stay OSErrors."""
    try:
        yield
    except (OSError, HTTPException, ValueError) as error:  # URLError is an OSError
        reason = getattr(error, "reason", None) or error
        raise NoAnswer(getattr(reason, "strerror", None) or str(reason) or "no answer") from error


def _part_of(target: Path) -> Path:
    """Where a file grows until it is whole: a place of this thread's own, as two may fetch it."""
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
    """A download in a thread of its own, so that no page waits for it. Read its fields."""

    def __init__(self, name: str):
        self.name, self.share, self.text = name, 0.0, "Connecting"
        self.error: str | None = None
        self._cancelled = threading.Event()
        self._thread = threading.Thread(target=self._work, daemon=True, name=f"download-{name}")
        self._thread.start()

    @property
    def running(self) -> bool:
        """Whether it still goes on."""
        return self._thread.is_alive()

    def cancel(self) -> None:
        """End it; what is half fetched goes."""
        self._cancelled.set()

    def _work(self) -> None:
        def progress(share: float, text: str) -> None:
            self.share, self.text = share, text

        try:
            download(self.name, progress, self._cancelled)
        except Cancelled:
            self.error = "The download was cancelled."
        except DataError as error:
            self.error = str(error)
        except Exception as error:  # a thread has nobody else to tell
            self.error = f"The download failed: {error or type(error).__name__}."
            traceback.print_exc()
