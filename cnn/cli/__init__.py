"""The command line: `python -m cnn ...`."""

from cnn.cli.main import main

__all__ = ["main"]
