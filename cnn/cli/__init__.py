"""The command line: `python -m cnn ...`."""
