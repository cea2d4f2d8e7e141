"""The command `compare`: what differs between runs, and whether one is better than another."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence

from cnn import evaluation, runs
from cnn.cli.parser import UsageError
from cnn.common.text import excerpt, percent
from cnn.datasets import DataError
from cnn.runs.differences import differences
from cnn.runs.overview import Summary, group_of, summary


def add_command(commands: argparse._SubParsersAction) -> None:
    """Register `compare` with the main parser's subparsers."""
    compare = commands.add_parser(
        "compare", help="results, what differs, and whether one run is better than another"
    )
    compare.add_argument("runs", nargs="+", metavar="RUN", help="two or more, by their ids")
    compare.add_argument("--json", action="store_true", help="one JSON object, for programs")
    compare.set_defaults(command=_compare)


def _compare(options: argparse.Namespace) -> int:
    ids = list(dict.fromkeys(options.runs))
    if len(ids) < 2:
        raise UsageError("Name two runs or more: 'python -m cnn runs' lists them")
    found = [summary(runs.open_run(run_id)) for run_id in ids]
    comparisons = _comparisons(found)
    if options.json:
        rows = differences([one.run for one in found])
        result = {
            "runs": [_row(one) for one in found],
            "differences": {row.key: list(row.values) for row in rows},
            "comparisons": comparisons,
        }
        print(json.dumps(result))
    else:
        _print(found, comparisons)
    return 0


def _row(one: Summary) -> dict[str, object]:
    brief = one.brief
    return {
        "run": one.run.id,
        "name": one.name,
        "state": one.state,
        "test_accuracy": _rounded(one.test),
        "best_validation": _rounded(one.validation),
        "loss": brief.loss if brief else None,
        "parameters": one.parameters,
        "seconds": one.seconds,
        "seed": one.seed,
        "group": group_of(one.run.config),
    }


def _rounded(accuracy: float | None) -> float | None:
    """Without the noise of a 32-bit number: 0.882 rather than 0.8820000290870667."""
    return None if accuracy is None else round(accuracy, 6)


def _comparisons(found: Sequence[Summary]) -> list[dict[str, object]]:
    """The first run with each of the others."""
    made: list[dict[str, object]] = []
    first = found[0]
    for other in found[1:]:
        about: dict[str, object] = {"a": first.run.id, "b": other.run.id}
        try:
            test = evaluation.pair(first.run, other.run).comparison
        except (runs.RunError, DataError) as error:
            made.append({**about, "problem": str(error)})
            continue
        made.append(
            {
                **about,
                "images": test.images,
                "only_a_right": test.only_a,
                "only_b_right": test.only_b,
                "p_value": test.p_value,
                "difference": test.difference,
                "interval": [test.low, test.high],
                "sentence": test.sentence(first.name, other.name),
            }
        )
    return made


def _print(found: Sequence[Summary], comparisons: Sequence[dict[str, object]]) -> None:
    for number, one in enumerate(found, 1):
        score = "-" if one.test is None else percent(one.test, 2)
        best = "-" if one.validation is None else percent(one.validation, 2)
        print(
            f"{number}  {excerpt(one.name, 40):<40}  test {score:>7}  validation {best:>7}  "
            f"{one.parameters:>9,} parameters  {one.run.id}"
        )
    rows = differences([one.run for one in found])
    if rows:
        print("\nWhat differs:")
        width = max(len(row.title) for row in rows)
        for row in rows:
            print(f"  {row.title:<{width}}  {'  |  '.join(row.values)}")
    else:
        print("\nNothing differs: network, data and settings are the same.")
    print()
    for test in comparisons:
        print(test.get("sentence") or test["problem"])
