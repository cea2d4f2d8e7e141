"""The layer cards of the Design page: one line each, and the chosen one open with its sliders."""

from __future__ import annotations

import typing
from typing import Any

import streamlit as st
from humanize import metric

from cnn.figures.colours import LAYER_GROUPS
from cnn.network import MAX_LAYERS, Row
from cnn.network.layers import Layer, show
from cnn.network.suggested_fixes import SuggestedFix
from ui.design import undo_history
from ui.shared import state
from ui.shared.fields import field_widget

# A closed card's line names what is unusual, besides what the layer's summary says already.
_IN_SUMMARY = {"kind", "enabled", "classes", "filters", "kernel_size", "units", "function", "rate",
               "output", "groups"}  # fmt: skip
_NOT_ON_CARD = {"kind", "enabled", "classes"}

_CSS = """
.st-key-layer-list { gap: .3rem; }
.st-key-layer-list [class*="st-key-card_"] { padding: .1rem .6rem .1rem .4rem; gap: 0; }
.st-key-layer-list [class*="st-key-open_"] button {
  justify-content: flex-start; text-align: left; padding-left: .3rem; min-height: 2.1rem;
}
.st-key-layer-list [class*="st-key-open_"] button > div,
.st-key-layer-list [class*="st-key-open_"] button > div > span,
.st-key-palette [data-testid="stButton"] button > div {
  justify-content: flex-start; text-align: left; width: 100%;
}
.st-key-layer-list [class*="st-key-row_"] { cursor: grab; }
.st-key-layer-list [class*="_chosen_"] {
  box-shadow: 0 1px 10px rgba(0,0,0,.10); padding-bottom: .7rem;
}
.st-key-layer-list [class*="_off_"] [class*="st-key-row_"] { opacity: .55; }
.st-key-layer-list [class*="st-key-fixes_"] { padding: .45rem 0 .5rem; }
.st-key-palette [data-testid="stButton"] button {
  min-height: 1.9rem; padding: .1rem .5rem; justify-content: flex-start; cursor: grab;
}
.st-key-network-picture [data-testid="stBidiComponent"] { touch-action: auto; }
@media (min-width: 1000px) and (min-height: 640px) {
  /* palette and table stay in sight while the cards scroll */
  [data-testid="stColumn"]:has(.st-key-palette), [data-testid="stColumn"]:has(.st-key-side) {
    position: sticky; top: 3.6rem; align-self: flex-start; max-height: calc(100vh - 4.5rem);
    overflow-y: auto; scrollbar-width: thin;
  }
}
"""


def slug(group: str) -> str:
    """A kind's name as part of a CSS class."""
    return group.lower().replace(" ", "-")


def styles() -> None:
    """What the theme cannot say about cards: thin lines, and the kind's colour at the left."""
    kinds = "".join(
        f'.st-key-layer-list [class*="st-key-card_{slug(group)}_"]'
        f"{{ border-left: 4px solid {color}; }}\n"
        f'[class*="st-key-kind_{slug(group)}"] {{ border-left: 3px solid {color}; '
        "padding-left: .55rem; }\n"
        for group, (color, _) in LAYER_GROUPS.items()
    )
    st.html(f"<style>{_CSS}{kinds}</style>")


def layer_card(row: Row, card: state.Card | None, fixes: list[SuggestedFix], locked: bool) -> None:
    """Draw one layer; `card` None is the classifier, which can be set but not moved."""
    play = state.get()
    uid: int | str = "head" if card is None else card.uid
    chosen = play.chosen == uid
    mark = "chosen" if chosen else "off" if row.skipped else "plain"
    key = f"card_{slug(row.layer.group)}_{mark}_{uid}"
    with st.container(border=True, key=key, gap=None):
        _header(row, uid, chosen)
        if row.problem:
            _problem(row, uid, fixes, locked)
        if chosen:
            st.caption(row.layer.about)
            if card is not None:
                _tools(card, locked)
            _sliders(row.layer, card, f"{uid}_{play.version}", locked)


def _header(row: Row, uid: int | str, chosen: bool) -> None:
    """The card's one line: a button that opens or shuts it, and what comes out."""
    layer = row.layer
    notes = details(layer)
    text = f":{LAYER_GROUPS[layer.group].name}[{layer.icon}] **{row.number} · {layer.summary}**"
    if row.skipped:
        text += " · :gray[switched off]"
    elif notes:
        text += f" :gray[{notes}]"

    def toggle() -> None:
        state.get().chosen = None if chosen else uid

    with st.container(
        horizontal=True, vertical_alignment="center", gap="xxsmall", key=f"row_{uid}", wrap=False
    ):
        st.button(text, key=f"open_{uid}", type="tertiary", width="stretch", on_click=toggle)
        if row.output_shape is not None and not row.skipped:
            cost = f" · {metric(row.parameters)}" if row.parameters else ""
            st.caption(f"**{show(row.output_shape)}**{cost}", width="content")
        elif row.input_shape is None:
            st.caption("waits for the one above", width="content")


def details(layer: Layer) -> str:
    """What of a layer is not usual and not in its name: `stride 2 · no bias`."""
    parts = []
    for name, info in type(layer).model_fields.items():
        value = getattr(layer, name)
        if name in _IN_SUMMARY or value == info.default:
            continue
        title = (info.title or name).lower()
        if isinstance(value, bool):
            parts.append(title if value else f"no {title}")
        elif typing.get_origin(info.annotation) is typing.Literal and isinstance(value, str):
            parts.append(value)
        else:
            parts.append(f"{title} {value:g}")
    return " · ".join(parts)


def _problem(row: Row, uid: int | str, fixes: list[SuggestedFix], locked: bool) -> None:
    """Why this layer cannot work, and each fix as a button."""
    assert row.problem is not None
    words = f"{row.problem[0].upper()}{row.problem[1:]}"
    st.error(words if fixes else f"{words} {row.suggestion}", icon=":material/build:")
    with st.container(horizontal=True, gap="xsmall", key=f"fixes_{uid}"):
        for index, fix in enumerate(fixes):
            st.button(
                fix.label,
                key=f"fix_{uid}_{index}",
                type="primary" if index == 0 else "secondary",
                icon=":material/healing:" if index == 0 else None,
                on_click=state.get().take,
                args=(fix.architecture,),
                disabled=locked,
            )


def _sliders(layer: Layer, card: state.Card | None, key: str, locked: bool) -> None:
    """The few values that matter, and a fold with the rest."""
    names = [name for name in type(layer).model_fields if name not in _NOT_ON_CARD]
    rest = [name for name in names if _advanced(layer, name)]
    first = [name for name in names if name not in rest]

    def draw(wanted: list[str]) -> None:
        place = st.grid(4, min_column_width=104, vertical_alignment="top")
        for name in wanted:
            with place.cell():
                field_widget(layer, name, f"{key}_{name}", _setter(card), True, locked)

    if first:
        draw(first)
    if rest:
        changed = [n for n in rest if getattr(layer, n) != type(layer).model_fields[n].default]
        label = f"More · {len(changed)} set" if changed else "More"
        with st.expander(label, icon=":material/tune:", expanded=bool(changed), type="compact"):
            draw(rest)


def _advanced(layer: Layer, name: str) -> bool:
    extra = type(layer).model_fields[name].json_schema_extra
    return isinstance(extra, dict) and bool(extra.get("advanced"))


def _setter(card: state.Card | None) -> Any:
    """What a moved slider does to the layer it belongs to."""
    version = state.get().version

    def change(name: str, value: Any) -> None:
        play = state.get()
        if play.version != version:  # said by a slider that an undo has replaced since
            return
        if card is None:
            play.head = play.head.model_copy(update={name: value})
            return
        for current in play.cards:  # the card may have been made anew since it was drawn
            if current.uid == card.uid:
                current.layer = current.layer.model_copy(update={name: value})

    return change


def _tools(card: state.Card, locked: bool) -> None:
    """Move, duplicate, switch off, remove."""
    play = state.get()
    place = next(i for i, other in enumerate(play.cards) if other.uid == card.uid)
    number, off = place + 1, not card.layer.enabled

    def move(by: int) -> None:
        play.cards.insert(place + by, play.cards.pop(place))

    def remove() -> None:
        play.cards.pop(place)
        play.chosen = play.cards[min(place, len(play.cards) - 1)].uid if play.cards else None

    def tool(name: str, label: str, icon: str, act: Any, grey: bool = False, **more: Any) -> None:
        def clicked() -> None:
            act()
            undo_history.of(play)  # a step of its own, also where two quick clicks come in one run

        st.button(
            label,
            key=f"{name}_{card.uid}",
            icon=f":material/{icon}:",
            type="tertiary",
            on_click=clicked,
            disabled=grey or locked,
            **more,
        )

    with st.container(horizontal=True, gap="small", key=f"tools_{card.uid}"):
        tool("up", "", "arrow_upward", lambda: move(-1), place == 0, help=f"Move layer {number} up")
        tool(
            "down", "", "arrow_downward", lambda: move(1), place == len(play.cards) - 1,
            help=f"Move layer {number} down",
        )  # fmt: skip
        tool(
            "copy", "Duplicate", "content_copy", lambda: play.add(card.layer, place + 1),
            len(play.cards) >= MAX_LAYERS,
        )  # fmt: skip
        tool(
            "switch", "Switch on" if off else "Switch off",
            "toggle_on" if off else "toggle_off", lambda: _setter(card)("enabled", off),
            help="A layer that is off stays in the list and lets everything through.",
        )  # fmt: skip
        tool("remove", "Remove", "delete", remove)
