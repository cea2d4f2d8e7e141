"""Batches: each process's share, and that every image is seen once."""

from __future__ import annotations

import torch
from hypothesis import given
from hypothesis import settings as bounded
from hypothesis import strategies as st

from cnn import datasets
from cnn.training.batches import Batches


@given(
    st.integers(20, 300),
    st.integers(1, 40),
    st.sampled_from([1, 2, 3]),
    st.integers(0, 5),
)
@bounded(max_examples=30, deadline=None)
def test_batches_show_every_image_once_whoever_takes_them(count, per_process, processes, epoch):
    images = torch.arange(count, dtype=torch.float32).reshape(-1, 1, 1)
    labels = torch.arange(count)
    seen, steps = [], set()
    for rank in range(processes):
        batches = Batches(
            images,
            labels,
            datasets.Preprocessing(0.0, 1.0),
            per_process * processes,
            7,
            rank,
            processes,
        )
        batches.begin(epoch)
        steps.add(batches.steps)
        for step in range(batches.steps):
            x, y = batches.take(step)
            assert x.flatten().tolist() == y.tolist()
            assert len(y) <= per_process
            seen += y.tolist()
    assert len(steps) == 1  # nobody waits for a step that another does not make
    assert len(seen) == len(set(seen))
    assert count - len(seen) <= max(processes, 2) * 2 - 1
