"""The command `report`: a run's report as one HTML file."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from cnn import runs
from cnn.cli.parser import UsageError
from cnn.common.files import write_bytes


def add_command(commands: argparse._SubParsersAction) -> None:
    """Register `report` with the main parser's subparsers."""
    report = commands.add_parser(
        "report", help="write a run's report, one self-contained HTML file"
    )
    report.add_argument("run", help="as 'python -m cnn runs' lists it")
    report.add_argument("--epoch", type=int, metavar="N", help="default: the newest weights")
    report.add_argument("--out", type=Path, metavar="FILE.html", help="default: RUN.html")
    report.set_defaults(command=_report)


def _report(options: argparse.Namespace) -> int:
    from cnn import report

    run = runs.open_run(options.run)
    content = report.make(run, options.epoch).encode()
    out = options.out or Path(f"{run.id}.html")
    if out.is_dir() or not out.absolute().parent.is_dir():
        where = "is a folder" if out.is_dir() else "lies in no folder that there is"
        raise UsageError(f"{out} {where}: give the name of a file.")
    write_bytes(out, content)
    print(json.dumps({"run": run.id, "file": str(out), "bytes": len(content)}))
    return 0
