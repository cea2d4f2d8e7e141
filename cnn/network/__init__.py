"""What a network is: layer types, shapes, checks, suggested fixes, advice. Imports no torch.

`layers` has the layer types, `receptive_field` what one value can see. Two modules import torch:
`modules` (what torch itself lacks) and `operations` (the steps inside a layer).
"""

from cnn.network.advice import Advice, advise
from cnn.network.architecture import (
    INPUT_SHAPE,
    MAX_LAYERS,
    MAX_PARAMETERS,
    Architecture,
    ArchitectureError,
    Row,
    failing_row,
)
from cnn.network.json_format import from_dict, from_json, json_schema, to_json
from cnn.network.suggested_fixes import SuggestedFix, suggest_fixes

__all__ = [
    "INPUT_SHAPE",
    "MAX_LAYERS",
    "MAX_PARAMETERS",
    "Advice",
    "Architecture",
    "ArchitectureError",
    "Row",
    "SuggestedFix",
    "advise",
    "failing_row",
    "from_dict",
    "from_json",
    "json_schema",
    "suggest_fixes",
    "to_json",
]
