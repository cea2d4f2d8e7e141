"""The same parsers, fuzzed by what code they reach (atheris: `pip install atheris`).

    python -m tests.fuzz.by_coverage "share link" -runs=10000

Further arguments are libFuzzer's. Ends at the first error that a parser does not declare.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["cnn"]):
    from tests.fuzz.parsers import PARSERS


def main() -> None:
    """Fuzz the parser that is named first."""
    name, *options = sys.argv[1:] or [""]
    if name not in PARSERS:
        raise SystemExit(f"Name one of: {', '.join(PARSERS)}.")
    parser = PARSERS[name]
    os.environ["CNN_RUNS_DIR"] = tempfile.mkdtemp()
    corpus = Path(tempfile.mkdtemp())
    for number, seed in enumerate(parser.seeds()):
        (corpus / str(number)).write_bytes(seed)

    def attack(data: bytes) -> None:
        try:
            parser.parse(data)
        except parser.errors:
            return

    atheris.Setup([sys.argv[0], "-timeout=10", "-rss_limit_mb=3000", *options, str(corpus)], attack)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
