"""How good a run is, and what it gets wrong."""

from cnn.evaluation.chance import NearChance, chance_level, near_chance
from cnn.evaluation.classification import ClassScore, class_report, confusion_matrix, mistakes
from cnn.evaluation.scoring import predict, score_test_set, test_probabilities

__all__ = [
    "ClassScore",
    "NearChance",
    "chance_level",
    "class_report",
    "confusion_matrix",
    "mistakes",
    "near_chance",
    "predict",
    "score_test_set",
    "test_probabilities",
]
