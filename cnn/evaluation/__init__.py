"""How good a run is, what it gets wrong, whether to trust it, and what breaks it."""

from cnn.evaluation.chance import NearChance, chance_level, near_chance
from cnn.evaluation.classification import (
    ClassScore,
    class_report,
    confusion_matrix,
    cross_entropy,
    least_certain,
    mistakes,
    top_k_accuracy,
    wilson_interval,
)
from cnn.evaluation.overfitting import (
    OVER_FITTING_GAP,
    NextTry,
    OverFitting,
    next_tries,
    over_fitting,
)
from cnn.evaluation.pairs import Pair, pair
from cnn.evaluation.scoring import (
    Scored,
    predict,
    predict_logits,
    score_test_set,
    scored_test_set,
    test_probabilities,
    validation_logits,
)
from cnn.evaluation.significance import Comparison, GroupComparison, compare, compare_groups

__all__ = [
    "OVER_FITTING_GAP",
    "ClassScore",
    "Comparison",
    "GroupComparison",
    "NearChance",
    "NextTry",
    "OverFitting",
    "Pair",
    "Scored",
    "chance_level",
    "class_report",
    "compare",
    "compare_groups",
    "confusion_matrix",
    "cross_entropy",
    "least_certain",
    "mistakes",
    "near_chance",
    "next_tries",
    "over_fitting",
    "pair",
    "predict",
    "predict_logits",
    "score_test_set",
    "scored_test_set",
    "test_probabilities",
    "top_k_accuracy",
    "validation_logits",
    "wilson_interval",
]
