"""What is done to test images to see what breaks a network: corruptions, declared as data."""

from cnn.evaluation.corruptions._base import Corruption, Pixels
from cnn.evaluation.corruptions.curves import CURVES
from cnn.evaluation.corruptions.mnist_c import MNIST_C

CORRUPTIONS: dict[str, Corruption] = {one.name: one for one in (*CURVES, *MNIST_C)}

__all__ = ["CORRUPTIONS", "CURVES", "MNIST_C", "Corruption", "Pixels"]
