"""Bad architecture files: which layer, which field, what is allowed."""

import json
import time
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

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


def nested(depth: int, key: str) -> str:
    return f'{{"layers": [{{"kind": "conv2d", "{key}": {"[" * depth}{"]" * depth}}}]}}'


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (json.dumps({"layers": [{"kind": "flatten"}] * 300_000}), "larger than 64.0 kB"),
        (json.dumps({"layers": [{}] * 15_000}), "at most 60 layers; this one has 15,000"),
        (nested(990, "filters"), "nested more than 10 deep"),
        (nested(30_000, "filters"), "nested more than 10 deep"),
        (nested(990, "x" * 5000), "nested more than 10 deep"),
        (nested(3, "x" * 5000), "has no field 'xxx"),
        (nested(3, "\\u001b[31m"), r"no field '\x1b[31m'"),
        (nested(3, "\\ud800"), "Layer 1 (conv2d): "),
        ('{"layers": [{"kind": "\\ud800\\u202e"}]}', r"(\ud800\u202e) is of no known kind"),
        ('{"\\ud800": 1}', "no part of an architecture"),
        ('{"version": "\\ud800"}', r"version '\ud800'"),
        ('{"layers": [{"kind": "conv2d", "padding": "\\ud800"}]}', r"not '\ud800'"),
        ('{"layers": [{"kind": "conv2d", "filters": ' + "9" * 400 + "}]}", "not 999"),
        ('{"layers": [{"kind": "conv2d", "filters": ' + "9" * 5000 + "}]}", "not JSON"),
        ('{"layers": "' + "x" * 60_000 + '"}', "a list 'layers'"),
        ("\ud800", "not JSON"),
    ],
    ids=range(16),
)
def test_a_hostile_file_is_refused_at_once_in_a_short_line(text, words):
    tracemalloc.start()
    began = time.process_time()
    with pytest.raises(ArchitectureError) as caught:
        from_json(text)
    took, (_, peak) = time.process_time() - began, tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert words in str(caught.value)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 300
    assert took < 1
    assert peak < 30_000_000


SOMETHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(exclude_categories=())),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["kind", "layers", "head", "version", "filters"])
            | st.text(st.characters(exclude_categories=()), max_size=3),
            inner,
        )
    ),
    max_leaves=10,
)


@given(SOMETHING | st.fixed_dictionaries({"layers": st.lists(SOMETHING), "head": SOMETHING}))
def test_whatever_is_no_architecture_is_refused_in_a_short_line(value):
    try:
        from_json(json.dumps(value))
    except ArchitectureError as error:
        assert str(error).isprintable()
        assert len(str(error)) < 300
