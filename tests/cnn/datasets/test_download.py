"""Downloads, from a server in this process: good, slow, lying, absent; and a full disk."""

from __future__ import annotations

import errno
import gzip
import hashlib
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from cnn import datasets
from cnn.datasets import DataError, download, loading
from tests.cnn.datasets.test_loading import write_mnist


class Mirror:
    """A web server on this machine. `files` maps a path to what is sent there."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.asked: list[str] = []
        self.hold = threading.Event()  # until set, half of a file under /slow/ is sent
        mirror = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                mirror.asked.append(self.path)
                body = mirror.files.get(self.path.replace("/slow/", "/"))
                if body is None:
                    self.send_error(404)
                    return
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                if self.path.startswith("/slow/"):
                    self.wfile.write(body[: len(body) // 2])
                    self.wfile.flush()
                    mirror.hold.wait(30)
                    body = body[len(body) // 2 :]
                self.wfile.write(body)

            def log_message(self, *_: object) -> None: ...

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()


@pytest.fixture
def mirror() -> Iterator[Mirror]:
    mirror = Mirror()
    yield mirror
    mirror.hold.set()
    mirror.server.shutdown()
    mirror.server.server_close()


@pytest.fixture
def source(tmp_path, monkeypatch, mirror) -> type:
    """A small MNIST on the mirror, and torchvision's list of files pointing at it."""
    import torchvision

    monkeypatch.setenv("CNN_DATA_DIR", str(tmp_path / "data"))
    loading._load.cache_clear()
    resources = []
    for file in sorted(write_mnist(tmp_path / "served").iterdir()):
        packed = gzip.compress(file.read_bytes(), mtime=0)
        mirror.files[f"/{file.name}.gz"] = packed
        resources.append((f"{file.name}.gz", hashlib.md5(packed).hexdigest()))
    known = torchvision.datasets.MNIST
    monkeypatch.setattr(known, "resources", resources)
    monkeypatch.setattr(known, "mirrors", [f"{mirror.url}/"])
    return known


def leftovers(tmp_path) -> list[str]:
    return sorted(p.name for p in (tmp_path / "data").rglob("*") if p.suffix in (".part", ".gz"))


def test_a_download_tells_how_far_it_is_and_can_be_read_then(source, tmp_path):
    told: list[tuple[float, str]] = []
    download.download("mnist", lambda share, text: told.append((share, text)))
    assert len(datasets.load("mnist").train_images) == 300
    shares = [share for share, _ in told]
    assert shares == sorted(shares)
    assert told[-1] == (1.0, "Done")
    assert {text for _, text in told} == {"Done", *(file for file, _ in source.resources)}
    assert leftovers(tmp_path) == []


def test_what_is_there_is_not_fetched_again(source, mirror, tmp_path):
    raw = tmp_path / "data" / "MNIST" / "raw"
    download.download("mnist")
    mirror.asked.clear()
    download.download("mnist")
    download.download("mnist-sample")
    assert mirror.asked == []
    (raw / "t10k-labels-idx1-ubyte").unlink()
    download.download("mnist")
    assert mirror.asked == ["/t10k-labels-idx1-ubyte.gz"]


def test_the_next_mirror_helps_where_the_first_does_not(source, mirror, monkeypatch, tmp_path):
    lying = {f"/lying{path}": body[::-1] for path, body in mirror.files.items()}
    short = {f"/short{path}": body[:-5] for path, body in mirror.files.items()}
    mirror.files |= lying | short
    bad = [f"{mirror.url}/{place}/" for place in ("absent", "lying", "short")]
    monkeypatch.setattr(source, "mirrors", ["http://127.0.0.1:9/", *bad, f"{mirror.url}/"])
    download.download("mnist")
    assert len(datasets.load("mnist").test_images) == 50
    assert leftovers(tmp_path) == []


def test_where_no_mirror_helps_each_answer_is_told(source, mirror, monkeypatch, tmp_path):
    file = source.resources[0][0]
    mirror.files[f"/lying/{file}"] = b"no such thing"
    bad = [f"{mirror.url}/absent/", f"{mirror.url}/lying/", "http://127.0.0.1:9/"]
    monkeypatch.setattr(source, "mirrors", bad)
    with pytest.raises(DataError) as error:
        download.download("mnist")
    for words in (file, "Not Found", "damaged file", "refused", "Check the network", "sample"):
        assert words in str(error.value)
    assert leftovers(tmp_path) == []
    assert not datasets.is_on_disk("mnist")


def test_no_network_is_said_on_the_command_line(source, monkeypatch, capsys):
    from cnn.cli.main import main

    monkeypatch.setattr(source, "mirrors", ["http://127.0.0.1:9/"])
    assert main(["download", "mnist"]) == 2
    assert "Check the network" in capsys.readouterr().err.splitlines()[-1]


def test_a_mirror_that_stalls_is_given_up(source, mirror, monkeypatch, tmp_path):
    monkeypatch.setattr(download, "TIMEOUT_SECONDS", 0.2)
    monkeypatch.setattr(source, "mirrors", [f"{mirror.url}/slow/"])
    with pytest.raises(DataError, match="timed out"):
        download.download("mnist")
    assert leftovers(tmp_path) == []


def test_a_cancelled_download_leaves_nothing_half(source, mirror, monkeypatch, tmp_path):
    monkeypatch.setattr(source, "mirrors", [f"{mirror.url}/slow/"])
    job = download.Download("mnist")
    deadline = time.monotonic() + 20
    while not mirror.asked and time.monotonic() < deadline:
        time.sleep(0.01)
    assert job.running
    job.cancel()
    mirror.hold.set()
    job._thread.join(20)
    assert not job.running
    assert job.error == "The download was cancelled."
    assert leftovers(tmp_path) == []
    assert len(mirror.asked) == 1  # nor goes on to the next file


def test_a_download_in_the_background_says_how_it_ended(source, monkeypatch):
    monkeypatch.setattr(source, "mirrors", ["http://127.0.0.1:9/"])
    job = download.Download("mnist")
    job._thread.join(20)
    assert "refused" in str(job.error)

    def broken(*_):
        raise KeyError("surprise")

    monkeypatch.setattr(download, "download", broken)
    job = download.Download("mnist")
    job._thread.join(20)
    assert "surprise" in str(job.error)


@pytest.mark.parametrize("when", ["writing", "unpacking"])
def test_a_full_disk_is_not_blamed_on_the_mirror(source, monkeypatch, tmp_path, when):
    def full(*_args, **_kwargs):
        raise OSError(errno.ENOSPC, "No space left on device")

    if when == "writing":
        plain = type(tmp_path).open

        def opened(path, mode="r", *rest, **named):
            file = plain(path, mode, *rest, **named)
            if "w" in mode:
                file.close()
                full()
            return file

        monkeypatch.setattr(type(tmp_path), "open", opened)
    else:
        monkeypatch.setattr(download.shutil, "copyfileobj", full)
    with pytest.raises(DataError, match=r"could not be saved in .*No space left"):
        download.download("mnist")
    assert [name for name in leftovers(tmp_path) if name.endswith(".part")] == []


def test_a_folder_that_cannot_be_made_is_said(source, tmp_path):
    (tmp_path / "data").write_text("")
    with pytest.raises(DataError, match="could not be saved in"):
        download.download("mnist")
