"""The palette of the Design page: every layer type, grouped by kind."""

from __future__ import annotations

import itertools

import streamlit as st

from cnn.figures.colours import LAYER_GROUPS
from cnn.network import MAX_LAYERS, Architecture
from cnn.network.layers import HIDDEN_LAYERS, Layer
from ui.design import undo_history
from ui.design.cards import slug
from ui.shared import state

KINDS: dict[str, type[Layer]] = {
    layer.model_fields["kind"].default: layer for layer in HIDDEN_LAYERS
}


def palette(locked: bool) -> None:
    """One button per layer type. It adds below the open card, else where the layer can work."""
    play = state.get()
    full = len(play.cards) >= MAX_LAYERS
    with st.container(key="palette", gap="small"):
        number = next((i + 1 for i, c in enumerate(play.cards) if c.uid == play.chosen), None)
        where = f"below layer {number}" if number else "at the lowest place where it works"
        st.caption(
            f"At most {MAX_LAYERS} layers."
            if full
            else f"**Add a layer**  \nA click puts it {where}."
        )
        groups = list(LAYER_GROUPS)
        ordered = sorted(KINDS.items(), key=lambda item: groups.index(item[1].group))
        for group, members in itertools.groupby(ordered, key=lambda item: item[1].group):
            with st.container(key=f"kind_{slug(group)}", gap=None):
                st.caption(f":{LAYER_GROUPS[group].name}[**{group}**]")
                with st.container(horizontal=True, gap="xxsmall"):
                    for kind, layer in members:
                        st.button(
                            layer.title.removesuffix("2d"),
                            key=f"add_{kind}",
                            icon=layer.icon,
                            type="tertiary",
                            help=layer.about,
                            on_click=add,
                            args=(kind,),
                            disabled=locked or full,
                        )


def add(kind: str, place: int | None = None) -> None:
    """Add a layer of that kind at a place among the cards; None: the place that suits it."""
    play = state.get()
    if kind not in KINDS or len(play.cards) >= MAX_LAYERS:
        return
    layer = KINDS[kind]()  # type: ignore[call-arg]
    if place is None:
        place = next((i + 1 for i, c in enumerate(play.cards) if c.uid == play.chosen), None)
    if place is None:
        place = lowest_place(play.architecture, layer)
    play.add(layer, max(0, min(place, len(play.cards))))
    undo_history.of(play)  # a step of its own, also where two quick clicks come in one run


def lowest_place(architecture: Architecture, layer: Layer) -> int:
    """The last index at which the layer works, and the layers below it no worse than before;
    the end where there is none."""
    layers = architecture.layers
    for keep_rest in (True, False):
        for place in range(len(layers), -1, -1):
            tried = architecture.model_copy(
                update={"layers": (*layers[:place], layer, *layers[place:])}
            )
            failing = next((row.number for row in tried.table() if row.problem), None)
            if failing is None or (not keep_rest and failing > place + 1):
                return place
    return len(layers)


def drop(what: str, name: str, place: int) -> None:
    """What a drag that ended does; `place` counts the cards above it."""
    play = state.get()
    if what == "add":
        add(name, place)
        return
    index = next((i for i, card in enumerate(play.cards) if str(card.uid) == name), None)
    if index is None:
        return
    card = play.cards.pop(index)
    play.cards.insert(place - (place > index), card)
    play.chosen = card.uid
