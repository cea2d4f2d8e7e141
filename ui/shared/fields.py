"""Widgets made from the declarations: a pydantic field becomes the slider or select it asks for."""

from __future__ import annotations

import math
import typing
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import streamlit as st
from pydantic import BaseModel

from cnn.common.checked import is_optional, limits
from ui.shared import state
from ui.shared.words import help_for


@dataclass
class Refusal:
    """The newest value that a field did not take: which widget, why, and on which page visit."""

    key: str = ""
    text: str = ""
    visit: int = -1


@dataclass
class Told:
    """The fields for numbers whose first value the browser has been told."""

    keys: set[str] = field(default_factory=set)


def field_widget(
    model: Callable[[], BaseModel],
    name: str,
    key: str,
    on_change: Callable[[str, Any], None],
    compact: bool = False,
    disabled: bool = False,
    when_empty: str | None = None,
) -> None:
    """Draw the widget of one field; `on_change(name, value)` is called when it is moved. `model` is
    asked again then: another of its fields may have been moved since this was drawn.

    Where `on_change` raises ValueError, the field goes back to what is in force, and what the error
    says stands below it. `compact` prefers a select box to a row of buttons, where there is little
    width; `disabled` shows the value but does not let it move; `when_empty` is what an empty field
    stands for, where it may be empty.
    """
    shown = model()
    info, value = type(shown).model_fields[name], getattr(shown, name)
    declared = info.json_schema_extra
    extra: dict[str, Any] = declared if isinstance(declared, dict) else {}
    label, kind = info.title or name, info.annotation
    low, high, _ = limits(info)

    def changed() -> None:
        apply_change(
            key,
            name,
            lambda: getattr(model(), name),
            lambda new: on_change(name, new),
            is_optional(info),
        )

    common: dict[str, Any] = {"key": key, "on_change": changed, "disabled": disabled}
    common["help"] = help_for(label, info.description)
    if typing.get_origin(kind) is typing.Literal:
        options, names = list(typing.get_args(kind)), extra.get("labels") or {}
        common["format_func"] = lambda option: names.get(str(option), str(option))
        if len(options) <= 3 and not compact:
            st.segmented_control(label, options, default=value, required=True, **common)
        else:
            st.selectbox(label, options, options.index(value), **common)
    elif kind is bool:
        st.toggle(label, value, **common)
    elif kind is int and high is not None and high - low <= 1024:
        st.slider(label, low, high, value, **common)
    elif is_optional(info):
        with st.container(key=f"may_be_empty_{key}"):
            number_input(label, value, step=1, placeholder=when_empty, **common)
    elif kind is int:
        number_input(label, value, step=1, **common)
    elif kind is float and extra.get("step"):
        title = f"{label} ({extra['unit']})" if extra.get("unit") else label
        st.slider(
            title, float(low), float(high), float(value), float(extra["step"]), "%g", **common
        )
    elif kind is float:
        rate_input(label, value, **common)
    else:
        raise TypeError(f"No widget is known for {name}: {kind}")
    show_refusal(key)


def number_input(label: str, value: float | None, key: str, **common: Any) -> None:
    """A field for a number, of which `apply_change` says what is allowed.

    It has no limits of its own: the browser would keep a number beyond them in the field and send
    nothing. Nor has it a default, to which an emptied field would go back without a word: its first
    value is set here, again where a click ended the script before the browser was told of it. Else
    it would stand empty there, and the next click would be taken for one that emptied it.
    """
    told = state.page(Told).keys
    if key not in told or key not in st.session_state:
        st.session_state[key] = st.session_state.get(key, value)
    st.number_input(label, value=None, key=key, **common)
    told.add(key)


def rate_input(label: str, value: float, **common: Any) -> None:
    """A field for a number that may be of any order of magnitude."""
    number_input(label, float(value), step=_decade(value), format="%.5g", **common)


def apply_change(
    key: str,
    name: str,
    in_force: Callable[[], object],
    change: Callable[[Any], None],
    optional: bool = False,
) -> None:
    """Give a moved widget's value to `change`. What that refuses with a ValueError is taken back:
    the widget of field `name` shows what is `in_force` again, and `show_refusal` says why. So does
    one that was emptied and may not be."""
    if key not in st.session_state:  # of a widget that is gone: nobody has emptied it
        return
    refusal, new = state.page(Refusal), st.session_state[key]
    refusal.key = ""
    if new is None and not optional:
        # Without a word: a browser that makes the field anew while a click is on its way says so
        # too, and nobody has emptied anything then.
        _put_back(key, in_force())
        return
    try:
        if new != in_force():  # Streamlit calls now and then for a value that has not moved
            change(new)
    except ValueError as error:
        _put_back(key, in_force())
        refusal.key, refusal.visit = key, state.get().visit
        refusal.text = str(error).removeprefix(f"{name}: ")  # it stands below the field


def _put_back(key: str, value: object) -> None:
    """Let a widget show that value again: the browser is told, even where a click ends the script
    before it is drawn."""
    st.session_state[key] = value
    state.page(Told).keys.discard(key)


def show_refusal(key: str) -> None:
    """Say below a widget why its newest value was not taken."""
    refusal = state.page(Refusal)
    if refusal.key == key and refusal.visit == state.get().visit:
        st.error(f"{refusal.text[:1].upper()}{refusal.text[1:]}", icon=":material/block:")


def _decade(value: float) -> float:
    """A step of one in the value's leading digit."""
    return 10.0 ** math.floor(math.log10(value)) if value > 0 else 0.001
