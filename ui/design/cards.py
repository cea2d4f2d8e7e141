"""The layer cards of the Design page: one line each, and the chosen one open with its sliders."""

from __future__ import annotations

import typing
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import streamlit as st
from humanize import metric, naturalsize

from cnn.figures.colours import LABELS, LAYER_GROUPS
from cnn.network import MAX_LAYERS, Architecture, Row, SuggestedFix, failing_row, suggest_fixes
from cnn.network.layers import Layer, show
from ui.design import undo_history
from ui.shared import state
from ui.shared.components import dark
from ui.shared.fields import field_widget
from ui.shared.plain_text import plain

Uid = int | str  # a card's number, or "head" for the classifier's
Act = Callable[[], None]


class Column(NamedTuple):
    """A figure that every card shows; `width` in pixels."""

    name: str
    title: str
    width: int


COLUMNS = (
    Column("output", "Output", 86),
    Column("parameters", "Parameters", 84),
    Column("work", "Mult-adds", 76),
    Column("sees", "Sees", 48),
)
_CSS = Path(__file__).with_suffix(".css").read_text()
SWITCH_HELP = Layer.model_fields["enabled"].description
_NOT_ON_CARD = {"kind", "enabled", "classes"}
# A closed card's line names what is unusual, besides the values that the layer's summary has.
_IN_SUMMARY = {"filters", "kernel_size", "units", "function", "rate", "output", "groups"}


def slug(group: str) -> str:
    """A layer group's name as part of a CSS class."""
    return group.lower().replace(" ", "-")


def styles() -> None:
    """What the theme cannot do for cards: thin lines, and the group's colour at the left."""
    groups = "".join(
        f'.st-key-layer-list [class*="st-key-card_{slug(group)}_"]'
        f"{{ border-left: 4px solid {color}; }}\n"
        f'[class*="st-key-kind_{slug(group)}"] {{ border-left: 3px solid {color}; '
        "padding-left: .55rem; }\n"
        for group, (color, _) in LAYER_GROUPS.items()
    )
    small = LABELS["dark" if dark() else "light"]  # Streamlit's own is too faint for small type
    folds = (
        f".st-key-layer-list summary p {{ color: {small} !important; }}\n"
        ".st-key-layer-list summary { opacity: 1 !important; }"
    )
    st.html(f"<style>{_CSS}{groups}{folds}</style>")


def place_of(uid: Uid | None) -> int | None:
    """The index of a card; None for the classifier's, and where there is none of that uid."""
    cards = state.get().cards
    return next((i for i, card in enumerate(cards) if str(card.uid) == str(uid)), None)


def chosen_number() -> int | None:
    """The number of the layer whose card is open."""
    play = state.get()
    if play.chosen == "head":
        return len(play.cards) + 1
    place = place_of(play.chosen)
    return None if place is None else place + 1


def choose(number: int) -> None:
    """Open the card of a layer that was clicked in the picture."""
    play = state.get()
    uids: list[Uid] = [*(card.uid for card in play.cards), "head"]
    if 1 <= number <= len(uids):
        play.chosen = uids[number - 1]


def layer_list(
    rows: list[Row], architecture: Architecture, problem: str | None, locked: bool
) -> None:
    """The input and the cards, a table of them; above, what is wrong with the whole network."""
    fixes = suggest_fixes(architecture) if problem else []
    if problem and failing_row(rows) is None:
        st.error(plain(problem), icon=":material/build:")
        for index, fix in enumerate(fixes):
            _fix_button(fix, f"fix_all_{index}", locked, icon=":material/healing:")
    with st.container(key="layer-list", gap="xxsmall"):
        _headings()
        _bars(rows)
        for row, card in zip(rows, [*state.get().cards, None], strict=True):
            _card(row, "head" if card is None else card.uid, fixes if row.problem else [], locked)


def _fix_button(
    fix: SuggestedFix, key: str, locked: bool, icon: str | None, main: bool = False
) -> None:
    st.button(
        fix.label,
        key=key,
        type="primary" if main else "secondary",
        icon=icon,
        on_click=state.get().take,
        args=(fix.architecture,),
        disabled=locked,
    )


def _card(row: Row, uid: Uid, fixes: list[SuggestedFix], locked: bool) -> None:
    """Draw one layer. The classifier's card has no tools: it can be set but not moved."""
    play = state.get()
    chosen = play.chosen == uid
    mark = "chosen" if chosen else "off" if row.skipped else "plain"
    key = f"card_{slug(row.layer.group)}_{mark}_{uid}"
    with st.container(border=True, key=key, gap=None):
        _header(row, uid, chosen)
        if row.problem:
            _problem(row, uid, fixes, locked)
        if chosen:
            st.caption(f"{row.layer.about}{_sizes(row)}")
            if (place := place_of(uid)) is not None:
                _tools(play.cards[place], place, locked)
            _sliders(row.layer, uid, locked)


def _header(row: Row, uid: Uid, chosen: bool) -> None:
    """The card's one line: a button that opens or closes it, and the output shape."""
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
            for column, text in zip(COLUMNS, _figures(row), strict=True):
                with st.container(key=f"{column.name}_{uid}", width=column.width):
                    st.caption(text or "–", text_alignment="right")
        elif row.input_shape is None:
            st.caption("waits for the one above", width="content")


def _sizes(row: Row) -> str:
    """What one output value sees, and what training keeps of it, in words."""
    if row.output_shape is None or row.skipped:
        return ""
    field = f"{row.receptive_field}×{row.receptive_field}"
    kept = naturalsize(row.activation_bytes)
    return f" Each output sees {field} pixels of the image; training keeps {kept} per image."


def _figures(row: Row) -> tuple[str, ...]:
    """What stands in `COLUMNS` for a layer; empty where it is nothing."""
    assert row.output_shape is not None
    return (
        f"**{show(row.output_shape)}**",
        f"{row.parameters:,}" if row.parameters else "",
        metric(row.multiply_adds, precision=2) if row.multiply_adds else "",
        f"{row.receptive_field} px",
    )


def _headings() -> None:
    """The input, and what the figures of the cards are."""
    with st.container(
        horizontal=True, vertical_alignment="bottom", gap="xxsmall", key="headings", wrap=False
    ):
        st.caption(":material/image: **Input**, 1×28×28", width="stretch")
        for column in COLUMNS:
            with st.container(key=f"{column.name}_title", width=column.width):
                st.caption(column.title, text_alignment="right")


def _bars(rows: list[Row]) -> None:
    """Under a card's parameters and multiply-adds their share, the largest one the full width."""
    uids: list[Uid] = [*(card.uid for card in state.get().cards), "head"]
    rules = []
    for name, values in (
        ("parameters", [row.parameters for row in rows]),
        ("work", [row.multiply_adds for row in rows]),
    ):
        most = max(values, default=0) or 1
        rules += [
            f".st-key-{name}_{uid} {{ --share: {value / most:.4f}; }}"
            for uid, value in zip(uids, values, strict=True)
        ]
    st.html(f"<style>{''.join(rules)}</style>")


def details(layer: Layer) -> str:
    """What of a layer is not usual and not in its name: `stride 2 · no bias`."""
    parts = []
    for name, info in type(layer).model_fields.items():
        value = getattr(layer, name)
        if name in _NOT_ON_CARD | _IN_SUMMARY or value == info.default:
            continue
        title = (info.title or name).lower()
        if isinstance(value, bool):
            parts.append(title if value else f"no {title}")
        elif typing.get_origin(info.annotation) is typing.Literal and isinstance(value, str):
            parts.append(value)
        else:
            parts.append(f"{title} {value:g}")
    return " · ".join(parts)


def _problem(row: Row, uid: Uid, fixes: list[SuggestedFix], locked: bool) -> None:
    """Why this layer cannot work, and each suggested fix as a button."""
    assert row.problem is not None
    text = f"{row.problem[0].upper()}{row.problem[1:]}"
    st.error(plain(text if fixes else f"{text} {row.suggestion}"), icon=":material/build:")
    with st.container(horizontal=True, gap="xsmall", key=f"fixes_{uid}"):
        for index, fix in enumerate(fixes):
            icon = ":material/healing:" if index == 0 else None
            _fix_button(fix, f"fix_{uid}_{index}", locked, icon, main=index == 0)


def _sliders(layer: Layer, uid: Uid, locked: bool) -> None:
    """The most important values, and the rest under "More"."""
    fields = {n: i for n, i in type(layer).model_fields.items() if n not in _NOT_ON_CARD}
    rest = [
        name
        for name, info in fields.items()
        if isinstance(info.json_schema_extra, dict) and info.json_schema_extra.get("advanced")
    ]
    first = [name for name in fields if name not in rest]
    key, change = f"{uid}_{state.get().version}", _changer(uid)

    def draw(wanted: list[str]) -> None:
        grid = st.grid(3, min_column_width=170, vertical_alignment="top")
        for name in wanted:
            with grid.cell():
                field_widget(lambda: layer, name, f"{key}_{name}", change, True, locked)

    if first:
        draw(first)
    if rest:
        changed = [name for name in rest if getattr(layer, name) != fields[name].default]
        label = f"More · {len(changed)} set" if changed else "More"
        fold = f"more_{uid}"  # by its key it stays open when its label changes
        with st.expander(label, bool(changed), key=fold, icon=":material/tune:", type="compact"):
            draw(rest)


def _changer(uid: Uid) -> Callable[[str, object], None]:
    """What a moved slider does to the layer of that card."""
    version = state.get().version

    def change(name: str, value: object) -> None:
        play = state.get()
        if play.version != version:  # from a slider that an undo has replaced since
            return
        place = place_of(uid)
        if uid == "head":
            play.head = play.head.changed(**{name: value})
        elif place is not None:
            card = play.cards[place]
            card.layer = card.layer.changed(**{name: value})

    return change


def _tools(card: state.Card, place: int, locked: bool) -> None:
    """Move, duplicate, switch off, remove."""
    play = state.get()
    number, off, last = place + 1, not card.layer.enabled, place == len(play.cards) - 1

    def move(by: int) -> None:
        play.cards.insert(place + by, play.cards.pop(place))

    def copy() -> None:
        play.add(card.layer, place + 1)

    def switch() -> None:
        _changer(card.uid)("enabled", off)

    def remove() -> None:
        play.cards.pop(place)
        play.chosen = play.cards[min(place, len(play.cards) - 1)].uid if play.cards else None

    def clicked(act: Callable[[], None]) -> None:
        act()
        undo_history.current()  # a step of its own, also where two quick clicks come in one run

    full = len(play.cards) >= MAX_LAYERS
    switch_name, switch_icon = ("on", "toggle_on") if off else ("off", "toggle_off")
    up, down = f"Move layer {number} up", f"Move layer {number} down"
    tools: list[tuple[str, str, str, Act, bool, str | None]] = [
        ("up", up, "arrow_upward", lambda: move(-1), place == 0, up),
        ("down", down, "arrow_downward", lambda: move(1), last, down),
        ("copy", "Duplicate", "content_copy", copy, full, None),
        ("switch", f"Switch {switch_name}", switch_icon, switch, False, SWITCH_HELP),
        ("remove", "Remove", "delete", remove, False, None),
    ]

    def draw(name: str, label: str, icon: str, act: Act, disabled: bool, about: str | None) -> None:
        st.button(
            label,
            key=f"{name}_{card.uid}",
            icon=f":material/{icon}:",
            type="tertiary",
            on_click=clicked,
            args=(act,),
            disabled=disabled or locked,
            help=about,
        )

    with st.container(horizontal=True, gap="small", key=f"tools_{card.uid}"):
        with st.container(horizontal=True, width="content", key=f"icon_only_move_{card.uid}"):
            for tool in tools[:2]:
                draw(*tool)
        for tool in tools[2:]:
            draw(*tool)
