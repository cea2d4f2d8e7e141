"""How good a run is, and what it gets wrong."""

from cnn.evaluation.chance import NearChance, chance_level, near_chance
from cnn.evaluation.classification import ClassScore, class_report, confusion_matrix, mistakes
from cnn.evaluation.pairs import Pair, pair
from cnn.evaluation.scoring import predict, score_test_set, test_probabilities
from cnn.evaluation.significance import Comparison, GroupComparison, compare, compare_groups

__all__ = [
    "ClassScore",
    "Comparison",
    "GroupComparison",
    "NearChance",
    "Pair",
    "chance_level",
    "class_report",
    "compare",
    "compare_groups",
    "confusion_matrix",
    "mistakes",
    "near_chance",
    "pair",
    "predict",
    "score_test_set",
    "test_probabilities",
]
