"""The layer cards of the Design page: one per layer, with its own sliders and its own problem."""

from __future__ import annotations

from typing import Any

import streamlit as st

from cnn.architecture import MAX_LAYERS, Row
from cnn.layers import HIDDEN_LAYERS, Layer, show
from ui import state
from ui.fields import field_widget

TITLES = {layer.title: layer for layer in HIDDEN_LAYERS}


def layer_card(row: Row, card: state.Card | None) -> None:
    """Draw one layer; `card` None is the classifier, which can be set but not moved."""
    play = state.get()
    uid = "head" if card is None else str(card.uid)
    layer = row.layer
    with st.container(border=True, key=f"card_{uid}", gap="xsmall"):
        with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
            st.markdown(
                f"{layer.icon} **{row.number} · {layer.summary}**",
                width="stretch",
                help=layer.about,
            )
            if row.output_shape is not None:
                st.caption(
                    f"→ **{show(row.output_shape)}** · {count(row.parameters)}", width="content"
                )
            if card is not None:
                _buttons(card)
        names = [
            name for name in type(layer).model_fields if name not in ("kind", "enabled", "classes")
        ]
        if names:
            place = st.grid(5, min_column_width=105, vertical_alignment="top")
            for name in names:
                with place.cell():
                    field_widget(layer, name, f"{uid}_{play.version}_{name}", _setter(card), True)
        if row.problem:
            st.error(
                f"{row.problem[0].upper()}{row.problem[1:]} {row.remedy}", icon=":material/build:"
            )
        elif row.input_shape is None:
            st.caption("Waits for the layer above to be mended.")


def _setter(card: state.Card | None) -> Any:
    """What a moved slider does to the layer it belongs to."""

    def change(name: str, value: Any) -> None:
        play = state.get()
        if card is None:
            play.head = play.head.model_copy(update={name: value})
        else:
            card.layer = card.layer.model_copy(update={name: value})

    return change


def _buttons(card: state.Card) -> None:
    cards = state.get().cards
    place = cards.index(card)
    number = place + 1

    def move(by: int) -> None:
        cards.insert(place + by, cards.pop(place))

    def duplicate() -> None:
        cards.insert(place + 1, state.Card(card.layer))

    full = len(cards) >= MAX_LAYERS
    key = f"{card.uid}"
    with st.container(horizontal=True, gap="xxsmall", key=f"tools_{key}"):
        st.button(
            "",
            key=f"up_{key}",
            icon=":material/arrow_upward:",
            type="tertiary",
            help=f"Move layer {number} up",
            on_click=move,
            args=(-1,),
            disabled=place == 0,
        )
        st.button(
            "",
            key=f"down_{key}",
            icon=":material/arrow_downward:",
            type="tertiary",
            help=f"Move layer {number} down",
            on_click=move,
            args=(1,),
            disabled=place == len(cards) - 1,
        )
        st.button(
            "",
            key=f"copy_{key}",
            icon=":material/content_copy:",
            type="tertiary",
            help=f"Duplicate layer {number}",
            on_click=duplicate,
            disabled=full,
        )
        st.button(
            "",
            key=f"remove_{key}",
            icon=":material/delete:",
            type="tertiary",
            help=f"Remove layer {number}",
            on_click=lambda: cards.remove(card),
        )
        add_menu("", f"add_{key}", place + 1, full, help=f"Add a layer below layer {number}")


def add_menu(label: str, key: str, place: int, disabled: bool = False, **look: Any) -> None:
    """A menu of all layer types; the chosen one is put at `place`."""

    def add() -> None:
        chosen: type[Layer] | None = TITLES.get(st.session_state[key])
        if chosen is not None:
            state.get().cards.insert(place, state.Card(chosen()))  # type: ignore[arg-type, call-arg]

    st.menu_button(
        label,
        list(TITLES),
        key=key,
        on_click=add,
        icon=":material/add:",
        disabled=disabled,
        **{"type": "tertiary", **look},
    )


def count(parameters: int) -> str:
    """Parameters in words."""
    if parameters == 0:
        return "0 parameters"
    return f"{parameters:,} parameter{'s' if parameters != 1 else ''}"
