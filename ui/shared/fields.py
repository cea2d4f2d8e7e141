"""Widgets made from the declarations: a pydantic field becomes the slider or select it asks for."""

from __future__ import annotations

import types
import typing
from collections.abc import Callable
from typing import Any

import streamlit as st
from pydantic import BaseModel
from pydantic.fields import FieldInfo


def limits(info: FieldInfo) -> tuple[Any, Any]:
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
    info = type(model).model_fields[name]
    value = getattr(model, name)
    extra = info.json_schema_extra if isinstance(info.json_schema_extra, dict) else {}
    label, note = info.title or name, info.description
    annotation = info.annotation

    def changed() -> None:
        if st.session_state.get(key) is not None:
            on_change(name, st.session_state[key])

    common: dict[str, Any] = {"key": key, "on_change": changed, "help": note, "disabled": disabled}
    low, high = limits(info)
    if typing.get_origin(annotation) is typing.Literal:
        options = list(typing.get_args(annotation))
        names: dict[Any, str] = dict(extra.get("labels") or {})  # type: ignore[arg-type]

        def show(option: Any) -> str:
            return names.get(option, str(option))

        if len(options) <= 3 and not compact:
            st.segmented_control(
                label, options, default=value, format_func=show, required=True, **common
            )
        else:
            st.selectbox(label, options, options.index(value), format_func=show, **common)
    elif annotation is bool:
        st.toggle(label, value, **common)
    elif annotation is int and high is not None and high - low <= 1024:
        st.slider(label, low, high, value, **common)
    elif annotation is int:
        st.number_input(label, low, high, value, **common)
    elif annotation is float and extra.get("step"):
        unit = extra.get("unit")
        st.slider(
            f"{label} ({unit})" if unit else label,
            float(low),
            float(high),
            float(value),
            float(extra["step"]),  # type: ignore[arg-type]
            **common,
        )
    elif annotation is float:
        st.number_input(
            label, 0.0, float(high), float(value), _decade(value), format="%.5g", **common
        )
    elif isinstance(annotation, types.UnionType):  # int | None
        st.number_input(label, low, high, value, **common)
    else:
        raise TypeError(f"No widget is known for {name}: {annotation}")


def _decade(value: float) -> float:
    """A step of one in the value's leading digit."""
    if value <= 0:
        return 0.001
    step = 1.0
    while step > value:
        step /= 10
    return step
