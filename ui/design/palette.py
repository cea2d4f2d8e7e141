"""The palette of the Design page: every layer type, by group."""

from __future__ import annotations

import streamlit as st

from cnn.figures.colours import LAYER_GROUPS
from cnn.network import MAX_LAYERS, Architecture, failing_row
from cnn.network.layers import LAYER_KINDS, Layer
from ui.design import undo_history
from ui.design.cards import place_of, slug
from ui.shared import state, tour
from ui.shared.words import help_for


def palette(locked: bool) -> None:
    """One button per layer type. It adds below the open card, or where the layer can work."""
    play = state.get()
    full = len(play.cards) >= MAX_LAYERS
    place = place_of(play.chosen)
    where = "at the lowest place where it works"
    if place is not None:
        where = f"below layer {place + 1}, or at the nearest place where it works"
    with st.container(key="palette", gap="small"):
        st.caption(
            f"At most {MAX_LAYERS} layers."
            if full
            else f"**Add a layer**  \nA click puts it {where}."
        )
        for group, colour in LAYER_GROUPS.items():
            with st.container(key=f"kind_{slug(group)}", gap=None):
                st.caption(f":{colour.name}[**{group}**]")
                with st.container(horizontal=True, gap="xxsmall"):
                    for kind, layer in LAYER_KINDS.items():
                        if layer.group == group:
                            _button(kind, layer, locked or full)


def _button(kind: str, layer: type[Layer], disabled: bool) -> None:
    st.button(
        layer.title.removesuffix("2d"),
        key=f"add_{kind}",
        icon=layer.icon,
        type="tertiary",
        help=help_for(layer.title, layer.about),
        on_click=add,
        args=(kind,),
        disabled=disabled,
    )


def add(kind: str, place: int | None = None) -> None:
    """Add a layer of that kind at a place among the cards; None: the place that suits it."""
    play = state.get()
    if kind not in LAYER_KINDS or len(play.cards) >= MAX_LAYERS:
        return
    layer = LAYER_KINDS[kind]()  # type: ignore[call-arg]
    if place is None:
        above = place_of(play.chosen)
        place = suitable_place(play.architecture, layer, None if above is None else above + 1)
    play.add(layer, max(0, min(place, len(play.cards))))
    tour.did("layer")
    undo_history.current()  # a step of its own, also where two quick clicks come in one run


def suitable_place(architecture: Architecture, layer: Layer, wanted: int | None) -> int:
    """The index nearest to `wanted` (None: the last one) at which the layer works, and the layers
    below it as well; where there is none, at which it works itself; where not even that, `wanted`
    or the end."""
    layers = architecture.layers
    end = len(layers) if wanted is None else wanted
    places = sorted(range(len(layers) + 1), key=lambda place: (abs(place - end), -place))
    for keep_rest in (True, False):
        for place in places:
            tried = architecture.changed(layers=(*layers[:place], layer, *layers[place:]))
            failing = failing_row(tried.table())
            if failing is None or (not keep_rest and failing.number > place + 1):
                return place
    return end


def drop(what: str, name: str, place: int) -> None:
    """The end of a drag: add a layer of kind `name`, or move the card of that uid, below `place`
    cards."""
    play = state.get()
    if what == "add":
        add(name, place)
    elif (index := place_of(name)) is not None:
        card = play.cards.pop(index)
        play.cards.insert(place - (place > index), card)
        play.chosen = card.uid
