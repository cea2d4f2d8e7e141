"""What Evaluate says of a run: label errors found, calibration, robustness; and how long it takes.

    CNN_DATA_DIR=data python benchmarks/evaluation.py [RUN] [IMAGES]

RUN is the example of Compact CNN unless another is named; IMAGES are how many test images are
corrupted (all). The measuring of robustness runs as on the page, in a process of its own, from
nothing: what was kept of the run is dropped first.
"""

from __future__ import annotations

import resource
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from cnn import datasets, evaluation, runs
from cnn.evaluation import label_errors, robustness, robustness_job, trust
from cnn.evaluation.corruptions import MNIST_C

FIRST = 50


def main(run_id: str = "example-compact", count: str = "60000") -> None:
    """Print it all."""
    run = runs.open_run(run_id)
    scored = evaluation.scored_test_set(run)
    low, high = evaluation.wilson_interval(scored.right, len(scored.labels))
    print(f"{run.name}: {scored.accuracy:.2%} ({low:.2%} to {high:.2%})")

    found = label_errors.rank(scored.probabilities, scored.labels)
    known = found.found(datasets.at_hand(run.config.dataset), FIRST)
    if known:
        print(f"label errors that people validated: {known[0]} of {known[1]} in the first {FIRST}")

    if validation := evaluation.validation_logits(run):
        temperature = trust.fit_temperature(*validation)
        logits = evaluation.predict_logits(run, scored.images)
        errors = [
            trust.reliability(trust.softmax(logits, at), scored.labels).expected_error
            for at in (1.0, temperature)
        ]
        print(f"ECE {errors[0]:.2%}, at temperature {temperature:.2f} {errors[1]:.2%}")

    robustness.forget(run)
    began = time.perf_counter()
    job = robustness_job.start(run, None, int(count))
    job.wait()
    seconds = time.perf_counter() - began
    of_processor = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    measured = robustness.load(run)
    if job.error or measured is None or measured.mean_corruption_error is None:
        raise SystemExit(job.error or "The measuring of robustness ended early.")
    error = measured.mean_corruption_error
    print(
        f"mean corruption error {error:.1%} on {measured.images:,} images, "
        f"all curves and corruptions in {seconds:.0f} s ({of_processor:.0f} s of processor time)"
    )
    print(robustness.what_breaks_it(measured))
    for one in MNIST_C:
        print(f"  {one.label:<14}{measured.accuracy[one.name][0]:7.1%}")


if __name__ == "__main__":
    main(*sys.argv[1:])
