"""Files replaced in one step, readable by whom the umask says."""

from __future__ import annotations

import os

import pytest
import torch

from cnn.common.files import read_bytes, read_json, write_bytes, write_json, write_tensors
from cnn.common.text import duration


@pytest.mark.parametrize("mask", [0o022, 0o002, 0o077])
def test_a_files_mode_is_that_of_any_new_file(tmp_path, mask):
    before = os.umask(mask)
    try:
        (tmp_path / "plain").write_bytes(b"")
        write_json(tmp_path / "a.json", {"a": 1})
        write_tensors(tmp_path / "a.safetensors", {"a": torch.zeros(2)})
        write_json(tmp_path / "a.json", {"a": 2})
    finally:
        os.umask(before)
    modes = {
        path.name: path.stat().st_mode & 0o777 for path in tmp_path.iterdir() if path.is_file()
    }
    assert modes == dict.fromkeys(("plain", "a.json", "a.safetensors"), 0o666 & ~mask)


def test_what_cannot_be_written_leaves_the_old_file_and_no_other(tmp_path):
    path = tmp_path / "a.bin"
    write_bytes(path, b"old")
    with pytest.raises(TypeError):
        write_bytes(path, "no bytes")  # type: ignore[arg-type]
    assert path.read_bytes() == b"old"
    assert [p for p in tmp_path.iterdir() if p.is_file()] == [path]


def test_a_pipe_is_no_file_and_keeps_nobody_waiting(tmp_path):
    pipe = tmp_path / "config.json"
    os.mkfifo(pipe)
    assert read_json(pipe) is None
    with pytest.raises(OSError, match="no plain file"):
        read_bytes(pipe, 100)


def test_a_duration_of_any_length_has_words():
    assert duration(61) == "1 minute and 1 second"
    assert duration(1e15) == duration(float("1e300")) == "more than a year"
