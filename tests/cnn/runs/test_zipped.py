"""A run as a zip file: there and back, and every way in which such a file may be wrong."""

from __future__ import annotations

import io
import json
import stat
import time
import tracemalloc
import zipfile

import numpy as np
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis
from hypothesis import strategies as st

from cnn import evaluation, runs
from cnn.runs import curves, zipped


def pack(files: dict[str, bytes | str], **external) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            info = zipfile.ZipInfo(name)
            info.external_attr = external.get("mode", 0o644) << 16
            info.compress_type = external.get("compression", zipfile.ZIP_DEFLATED)
            archive.writestr(info, content)
    return packed.getvalue()


@pytest.fixture
def config(trained) -> str:
    return trained.files.config.read_text()


def refused(content: bytes, runs_folder) -> str:
    before = sorted(p.name for p in runs_folder.iterdir())
    with pytest.raises(runs.RunError) as error:
        zipped.from_zip(content)
    assert sorted(p.name for p in runs_folder.iterdir()) == before
    return str(error.value)


def test_there_and_back(trained):
    again = zipped.from_zip(zipped.to_zip(trained))
    assert again.id != trained.id
    assert again.config == trained.config and again.name == trained.name
    assert again.status() == trained.status() and again.metrics() == trained.metrics()
    assert again.checkpoints() == trained.checkpoints()
    np.testing.assert_array_equal(
        evaluation.test_probabilities(again), evaluation.test_probabilities(trained)
    )


def test_long_metrics_are_refused_and_others_read_once(trained, config, runs_folder, monkeypatch):
    again = zipped.from_zip(zipped.to_zip(trained))
    assert curves.kept_brief(again) == curves.brief(trained) is not None
    assert "more than the 50,000 lines" in refused(
        pack({"config.json": config, "metrics.jsonl": "{}\n" * 50_001}), runs_folder
    )
    monkeypatch.setattr(zipped, "MOST_ROWS", 1)
    with pytest.raises(runs.RunError, match="more than the 1 lines that a zip"):
        zipped.to_zip(trained)


def test_nothing_was_made_after_it_came_in(config):
    made = json.dumps({**json.loads(config), "created": time.time() + 1e8})
    assert zipped.from_zip(pack({"config.json": made})).config.created <= time.time()


def test_a_folder_zipped_by_hand_on_a_mac_is_taken(trained, config):
    content = pack({"x/config.json": config, "__MACOSX/x/._config.json": b"", "x/.DS_Store": b""})
    assert zipped.from_zip(content).config == trained.config


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("../config.json", "{}", "which no run has"),
        ("/etc/passwd", "x", "which no run has"),
        ("checkpoints/../../x.safetensors", "x", "which no run has"),
        ("checkpoints\\epoch-001.safetensors", "x", "which no run has"),
        ("worker.lock", "", "which no run has"),
        ("evil.py", "print()", "which no run has"),
        ("status.json", '{"state": ', "no JSON"),
        ("status.json", "[" * 5000, "no JSON"),
        ("name.json", b"\xff\xfe", "no JSON"),
        ("live.safetensors", b"no tensors", "damaged"),
        ("checkpoints/epoch-001.safetensors", b"\xff" * 16, "damaged"),
    ],
)
def test_what_no_run_has_is_refused(runs_folder, config, name, content, said):
    assert said in refused(pack({"config.json": config, name: content}), runs_folder)


def test_links_bombs_and_too_many_files_are_refused(runs_folder, config):
    assert "a link" in refused(pack({"config.json": config}, mode=stat.S_IFLNK), runs_folder)
    bomb = pack({"config.json": config, "notes.json": b" " * (zipped.MOST_JSON + 1)})
    assert len(bomb) < 20_000
    assert "larger" in refused(bomb, runs_folder)
    many = {f"checkpoints/epoch-{i:03d}.safetensors": b"" for i in range(zipped.MOST_FILES)}
    assert "fewer" in refused(pack({"config.json": config, **many}), runs_folder)


def test_all_files_together_are_bounded(runs_folder, config, monkeypatch):
    monkeypatch.setattr(zipped, "MOST_BYTES", 10_000)
    content = pack({"config.json": config, "metrics.jsonl": b"\n" * 100_000})
    assert "larger" in refused(content, runs_folder)


def test_a_size_in_the_header_is_not_believed(runs_folder, config):
    size = len(config.encode()).to_bytes(4, "little")
    content = pack({"config.json": config})
    assert content.count(size) >= 2  # in both headers
    assert "damaged" in refused(content.replace(size, b"\x09\0\0\0"), runs_folder)


@pytest.mark.parametrize("name", ["weights", "header", "lzma", "bz2"])
def test_a_small_file_that_holds_much_takes_little_memory(runs_folder, config, name):
    lists = b'{"a":[' + b"[]," * 1_500_000 + b"[]]}"
    tensors, method = {
        "weights": (bytes(25_000_000), zipfile.ZIP_DEFLATED),  # a header of no bytes
        "header": (len(lists).to_bytes(8, "little") + lists, zipfile.ZIP_DEFLATED),
        "lzma": (bytes(25_000_000), zipfile.ZIP_LZMA),
        "bz2": (bytes(25_000_000), zipfile.ZIP_BZIP2),
    }[name]
    packed = io.BytesIO(pack({"config.json": config}))
    with zipfile.ZipFile(packed, "a", method) as archive:
        archive.writestr("live.safetensors", tensors)
    tracemalloc.start()
    try:
        said = refused(packed.getvalue(), runs_folder)
        assert tracemalloc.get_traced_memory()[1] < 15_000_000
    finally:
        tracemalloc.stop()
    assert ("damaged" if method == zipfile.ZIP_DEFLATED else "than deflate") in said


def test_damaged_bytes_are_named(runs_folder, config):
    content = bytearray(pack({"config.json": config}))
    content[80:160] = bytes(80)
    assert "damaged" in refused(bytes(content), runs_folder)


def test_a_config_that_is_none_is_named(runs_folder, config):
    assert "config.json" in refused(pack({"name.json": "{}"}), runs_folder)
    broken = json.loads(config)
    broken["architecture"]["layers"] = [{"kind": "rocket"}]
    said = refused(pack({"config.json": json.dumps(broken)}), runs_folder)
    assert "no run of this app" in said
    cut = refused(pack({"config.json": config[:100]}), runs_folder)
    assert "It has a damaged config.json" in cut and ".import" not in cut and "Delete" not in cut
    assert "password" in refused(_locked(pack({"config.json": config})), runs_folder)


def _locked(content: bytes) -> bytes:
    """The same with the flag of an encrypted entry, in both headers."""
    for mark, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        place = content.index(mark) + at
        content = content[:place] + bytes([content[place] | 1]) + content[place + 1 :]
    return content


@hypothesis(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_any_bytes_are_a_run_or_a_clear_word(trained, data):
    whole = zipped.to_zip(trained)
    start = data.draw(st.integers(0, len(whole)))
    patch = data.draw(st.binary(max_size=40))
    end = data.draw(st.sampled_from([len(whole), start + len(patch), start]))
    content = whole[:start] + patch + whole[end:]
    try:
        run = zipped.from_zip(content)
    except runs.RunError as error:
        assert str(error)
    else:
        assert run.config.classes
        run.delete()


def test_a_run_that_came_without_a_name_is_called_by_what_it_is(config):
    made = zipped.from_zip(pack({"config.json": config}))
    assert made.name == "My network on MNIST sample"
    assert "import" not in made.id and "my-network" in made.id
