"""Widgets made from the declarations: a pydantic field becomes the slider or select it asks for."""

from __future__ import annotations

import types
import typing
from collections.abc import Callable
from typing import Any

import streamlit as st
from pydantic import BaseModel
from pydantic.fields import FieldInfo


def _limits(info: FieldInfo) -> tuple[Any, Any]:
    """The smallest and largest allowed value, None where there is none."""
    low = high = None
    for item in info.metadata:
        low = getattr(item, "ge", low)
        high = getattr(item, "le", high)
    return low, high


def field_widget(
    model: BaseModel,
    name: str,
    key: str,
    on_change: Callable[[str, Any], None],
    compact: bool = False,
    disabled: bool = False,
) -> None:
    """Draw the widget of one field; `on_change(name, value)` is called when it is moved.

    `compact` prefers a select box to a row of buttons, where there is little width;
    `disabled` shows the value but does not let it move.
    """
    info, value = type(model).model_fields[name], getattr(model, name)
    declared = info.json_schema_extra
    extra: dict[str, Any] = declared if isinstance(declared, dict) else {}
    label, kind = info.title or name, info.annotation
    low, high = _limits(info)

    def changed() -> None:
        if st.session_state.get(key) is not None:
            on_change(name, st.session_state[key])

    common: dict[str, Any] = {"key": key, "on_change": changed, "disabled": disabled}
    common["help"] = info.description
    if typing.get_origin(kind) is typing.Literal:
        options, names = list(typing.get_args(kind)), extra.get("labels") or {}
        common["format_func"] = lambda option: names.get(option, str(option))
        if len(options) <= 3 and not compact:
            st.segmented_control(label, options, default=value, required=True, **common)
        else:
            st.selectbox(label, options, options.index(value), **common)
    elif kind is bool:
        st.toggle(label, value, **common)
    elif kind is int and high is not None and high - low <= 1024:
        st.slider(label, low, high, value, **common)
    elif kind is int or isinstance(kind, types.UnionType):  # int | None
        st.number_input(label, low, high, value, **common)
    elif kind is float and extra.get("step"):
        title = f"{label} ({extra['unit']})" if extra.get("unit") else label
        st.slider(title, float(low), float(high), float(value), float(extra["step"]), **common)
    elif kind is float:
        step, value = _decade(value), float(value)
        st.number_input(label, 0.0, float(high), value, step, format="%.5g", **common)
    else:
        raise TypeError(f"No widget is known for {name}: {kind}")


def _decade(value: float) -> float:
    """A step of one in the value's leading digit."""
    if value <= 0:
        return 0.001
    step = 1.0
    while step > value:
        step /= 10
    return step
