"""Another training loop in a process of its own: none of our settings of threads and memory reach
it, and none of its own reach ours."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from pathlib import Path

import cnn

OURS = ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT")  # set where `cnn` is imported
assert cnn and all(name in os.environ for name in OURS)


class Contender:
    """`python SCRIPT`, which answers each line of JSON on its standard input with a speed."""

    def __init__(self, python: str | Path, script: str | Path, **environment: str):
        inherited = {name: value for name, value in os.environ.items() if name not in OURS}
        self._errors = tempfile.TemporaryFile("w+")  # noqa: SIM115 - lives as long as the process
        self._process = subprocess.Popen(
            [str(python), str(script)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
            env={**inherited, **environment},
        )

    def speed(self, **question: object) -> float:
        """Images per second. Ends the benchmark with the process's own message where it failed."""
        assert self._process.stdin and self._process.stdout
        print(json.dumps(question), file=self._process.stdin, flush=True)
        answer = self._process.stdout.readline()
        if not answer:
            self._errors.seek(0)
            raise SystemExit(f"{self._process.args} failed:\n{self._errors.read()[-2000:]}")
        return float(answer)
