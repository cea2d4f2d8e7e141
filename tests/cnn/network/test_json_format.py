"""Bad architecture files: which layer, which field, what is allowed."""

import json

import pytest

from cnn.network import ArchitectureError, from_json, json_schema, to_json
from cnn.network.layers import HIDDEN_LAYERS
from cnn.presets import PRESETS

SAYS = {
    "{": "not JSON",
    "[]": "a JSON object with a list 'layers'",
    '{"layers": {}}': "a JSON object with a list 'layers'",
    '{"version": 2}': "version 2; this app reads version 1",
    '{"colour": 1}': "'colour' is no part of an architecture",
    '{"layers": [3]}': "Layer 1 has no kind. Allowed: conv2d, ",
    '{"layers": [{"kind": "flatten"}, {"kind": "conv3d"}]}': "Layer 2 (conv3d) is of no known "
    "kind. Allowed: ",
    '{"layers": [{"kind": ["conv2d"]}]}': 'Layer 1 (["conv2d"]) is of no known kind',
    '{"layers": [{"kind": "conv2d", "filters": 999}]}': "Layer 1 (conv2d), field 'filters': "
    "a whole number from 1 to 256 is allowed, not 999.",
    '{"layers": [{"kind": "conv2d", "filters": NaN}]}': "from 1 to 256 is allowed, not NaN",
    '{"layers": [{"kind": "conv2d", "padding": "full"}]}': "'same' or 'valid' is allowed, "
    "not 'full'",
    '{"layers": [{"kind": "dropout", "rate": "x"}]}': "a number from 0 to 0.9 is allowed",
    '{"layers": [{"kind": "conv2d", "bias": "perhaps"}]}': "true or false is allowed",
    '{"layers": [{"kind": "max_pool2d", "size": 2}]}': "Layer 1 (max_pool2d) has no field 'size'. "
    "Its fields: enabled, kernel_size, stride.",
    '{"head": {"enabled": false}}': "The classifier, field 'enabled': true is allowed",
    '{"head": 3}': "The classifier:",
    json.dumps({"layers": [{"kind": "flatten"}] * 61}): "at most 60 layers; this one has 61",
    "[" * 100_000: "not JSON",
}


@pytest.mark.parametrize("text", list(SAYS), ids=range(len(SAYS)))
def test_a_bad_file_says_where_and_what_is_allowed(text):
    with pytest.raises(ArchitectureError) as caught:
        from_json(text)
    assert SAYS[text] in str(caught.value)
    assert len(str(caught.value)) < 300


def test_the_file_says_only_what_differs_from_the_defaults():
    text = to_json(PRESETS["compact"].architecture)
    assert json.loads(text)["layers"][:2] == [
        {"kind": "conv2d", "filters": 24, "bias": False},
        {"kind": "batch_norm2d"},
    ]


def test_the_schema_knows_every_layer_type_and_its_limits():
    schema = json_schema()
    definitions = schema["$defs"]
    assert {layer.__name__ for layer in HIDDEN_LAYERS} <= set(definitions)
    filters = definitions["Conv2d"]["properties"]["filters"]
    assert (filters["minimum"], filters["maximum"]) == (1, 256)
    assert schema["properties"]["version"]["const"] == 1
