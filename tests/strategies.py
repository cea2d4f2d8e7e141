"""Random layers and architectures, made from the declarations themselves: a new layer type or
field is covered by every property test at once."""

from __future__ import annotations

import typing
from typing import Any

from hypothesis import strategies as st
from pydantic.fields import FieldInfo

from cnn.network import INPUT_SHAPE, Architecture
from cnn.network.layers import HIDDEN_LAYERS, Classifier, Flatten, GlobalAvgPool, Layer, LayerError

SMALL = {"filters": 9, "units": 33, "groups": 4}  # keeps an example at a few milliseconds


def _limit(info: FieldInfo, name: str) -> Any:
    return next((getattr(item, name) for item in info.metadata if hasattr(item, name)), None)


def values(name: str, info: FieldInfo, small: bool) -> st.SearchStrategy[Any]:
    """Any value that the field allows."""
    if typing.get_origin(info.annotation) is typing.Literal:
        return st.sampled_from(typing.get_args(info.annotation))
    if info.annotation is bool:
        return st.booleans()
    low, high = _limit(info, "ge"), _limit(info, "le")
    if info.annotation is int:
        return st.integers(low, min(high, SMALL.get(name, high)) if small else high)
    assert info.annotation is float, (name, info.annotation)
    return st.floats(low, high, allow_nan=False)


def layer_of(kind: type[Layer], small: bool = True) -> st.SearchStrategy[Layer]:
    """A layer of that type with any allowed fields, now and then switched off."""
    fields = {
        name: values(name, info, small)
        for name, info in kind.model_fields.items()
        if name not in ("kind", "enabled")
    }
    on = st.sampled_from([True] * 9 + [False])
    return st.builds(kind, enabled=on, **fields)


def layers(small: bool = True) -> st.SearchStrategy[Layer]:
    """A layer of any type."""
    return st.one_of([layer_of(kind, small) for kind in HIDDEN_LAYERS])


def classifiers() -> st.SearchStrategy[Classifier]:
    """A classifier with few classes."""
    return st.builds(
        Classifier, classes=st.integers(2, 12), output=st.sampled_from(["softmax", "sigmoid"])
    )


@st.composite
def working(draw: st.DrawFn, most: int = 7) -> Architecture:
    """An architecture that can work: of the layers drawn, those that fit where they are."""
    kept: list[Layer] = []
    shape = INPUT_SHAPE
    for layer in draw(st.lists(layers(), max_size=most)):
        if not layer.enabled:
            kept.append(layer)
            continue
        try:
            shape = layer.output_shape(shape)
        except LayerError:
            continue
        kept.append(layer)
    if len(shape) == 3:
        kept.append(draw(st.sampled_from([Flatten(), GlobalAvgPool()])))
    return Architecture(layers=tuple(kept), head=draw(classifiers()))


def any_architecture(most: int = 12) -> st.SearchStrategy[Architecture]:
    """Any allowed layers in any order, of any size: most of them cannot work."""
    return st.builds(
        Architecture,
        layers=st.lists(layers(small=False), max_size=most).map(tuple),
        head=classifiers(),
    )
