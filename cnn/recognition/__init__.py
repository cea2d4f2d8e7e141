"""Reading a drawing with a run: the answer, and whether it is a digit at all (`calibration`)."""

from cnn.recognition.reading import (
    Reading,
    evidence,
    over_epochs,
    prepare_image,
    prepare_strokes,
    read,
)

__all__ = ["Reading", "evidence", "over_epochs", "prepare_image", "prepare_strokes", "read"]
