"""How good a run is, and what it gets wrong."""

from cnn.evaluation.classification import ClassScore, class_report, confusion_matrix, mistakes
from cnn.evaluation.scoring import predict, score_test_set, test_probabilities

__all__ = [
    "ClassScore",
    "class_report",
    "confusion_matrix",
    "mistakes",
    "predict",
    "score_test_set",
    "test_probabilities",
]
