"""A run's report: one HTML file that opens without the app. Imports no torch at first."""

from cnn.report.command import repeat_command
from cnn.report.page import make

__all__ = ["make", "repeat_command"]
