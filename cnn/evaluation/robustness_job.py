"""Measures a run's robustness: `python -m cnn.evaluation.robustness_job`, as `cnn.runs.jobs` does.

The question names the run, the epoch and how many test images; each corruption's results are kept
when it is done, so that one that is stopped goes on from there.
"""

from __future__ import annotations

import json
import sys
import time

from cnn import datasets, runs
from cnn.evaluation import robustness
from cnn.evaluation.corruptions import CORRUPTIONS
from cnn.runs import jobs
from cnn.training.devices import use_few_threads

MOST_SECONDS = 3600.0


def start(run: runs.Run, epoch: int | None, images: int) -> jobs.Job:
    """Start measuring on the first `images` test images. Raises RunError where this workspace may
    not now."""
    question = {"run": run.id, "epoch": epoch, "images": images}
    return jobs.start("robustness_job", question, MOST_SECONDS, room="evaluation")


def main() -> None:
    """Answer the question on standard input: a row as each corruption begins (`corruption`, and the
    share `done`), and one at the end (`seconds`)."""
    question = json.load(sys.stdin)
    use_few_threads()
    run, epoch = runs.open_run(question["run"]), question["epoch"]
    data = datasets.load(datasets.at_hand(run.config.dataset))
    count = min(question["images"], len(data.test_images))
    kept = robustness.load(run, epoch)
    found = kept if kept and kept.images == count else robustness.Robustness(count)
    began, measured = time.perf_counter(), tuple(found.accuracy)
    pixels, labels = data.test_images[:count], data.test_labels[:count]
    for name, accuracies in robustness.measure(run, pixels, labels, epoch, measured):
        if accuracies is None:
            done = len(found.accuracy) / len(CORRUPTIONS)
            jobs.answer(corruption=CORRUPTIONS[name].label, done=done)
        else:
            found.accuracy[name] = accuracies
            robustness.keep(run, found, epoch)
    jobs.answer(seconds=time.perf_counter() - began)


if __name__ == "__main__":
    main()
