"""An argument parser that says in one line what is wrong."""

from __future__ import annotations

import argparse
from typing import NoReturn

from cnn.common.text import excerpt


class UsageError(ValueError):
    """An argument that makes no sense; shown in one line, exit code 2."""


class Parser(argparse.ArgumentParser):
    """argparse's parser, which raises UsageError instead of printing its usage."""

    def error(self, message: str) -> NoReturn:
        """Raise UsageError with the message."""
        raise UsageError(f"{excerpt(message, 600)}. See '{self.prog} --help'.")
