"""Design: put a network together layer by layer."""

from typing import Any

import streamlit as st
from humanize import metric, naturalsize

from cnn.network import Architecture, Row, advise, suggest_fixes
from cnn.network.layers import show
from cnn.presets import PRESETS
from ui.design import cards, drag, palette, take_away, try_before_training, undo_history
from ui.design.network_picture import network_view
from ui.shared import share_link, state
from ui.shared.sidebar import plain

st.title("Design")
st.markdown("Put a network together layer by layer. Shapes and sizes follow every change at once.")
cards.styles()


@st.fragment
def studio() -> None:
    """The whole page but its title: a moved slider redraws only this."""
    play = state.get()
    past = undo_history.of(play)
    architecture = play.architecture
    rows, problem = architecture.table(), architecture.problem()
    locked, hidden = "architecture" in play.fixed, "architecture" in play.hidden

    share_link.lesson()
    toolbar(past, rows, problem, locked or hidden)
    network_view(rows, chosen_number(), play.title, choose)
    totals(architecture, len(rows))
    if hidden:
        st.info("The link that you opened keeps the layers of this network to itself.")
        return
    left, middle, right = st.columns([1.3, 3.3, 3.5], gap="medium")
    with left:
        palette.palette(locked)
    with middle:
        layer_list(rows, architecture, problem, locked)
    with right, st.container(key="side"):
        table(rows)
        advice(architecture)
    try_before_training.section(architecture, problem)
    take_away.section(architecture, problem)


def toolbar(past: undo_history.History, rows: list[Row], problem: str | None, locked: bool) -> None:
    """Where to start from, the way back, and the way on."""
    play = state.get()
    names = list(PRESETS)
    version = play.version
    key = f"preset_{version}"

    def load() -> None:
        if play.version == version:  # a slow server may hear the same choice twice
            play.load_preset(st.session_state[key])

    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.selectbox(
            "Start from",
            names,
            names.index(play.preset) if play.preset in names else None,
            format_func=lambda name: PRESETS[name].label,
            key=key,
            on_change=load,
            placeholder="Choose a network",
            width=300,
            disabled=locked,
        )
        undo, redo = past.past[-1:], past.future[-1:]
        st.button(
            "Undo",
            icon=":material/undo:",
            key="undo",
            shortcut="Mod+Z",
            help=f"Undo: {undo_history.describe(undo[0], past.present)}" if undo else None,
            on_click=lambda: undo_history.restore(play, past.undo()),
            disabled=not undo or locked,
        )
        st.button(
            "Redo",
            icon=":material/redo:",
            key="redo",
            shortcut="Mod+Shift+Z",
            help=f"Redo: {undo_history.describe(past.present, redo[0])}" if redo else None,
            on_click=lambda: undo_history.restore(play, past.redo()),
            disabled=not redo or locked,
        )
        st.space("stretch")
        failing = next((row for row in rows if row.problem), None)
        label = "Make it smaller first" if problem else "Train this network"
        if failing:
            label = f"Mend layer {failing.number} first"
        if st.button(
            label,
            key="train",
            type="primary",
            icon=":material/build:" if problem else ":material/model_training:",
            disabled=problem is not None,
            help=plain(problem) if problem else None,
        ):
            st.switch_page("pages/train.py")
    if play.preset:
        preset = PRESETS[play.preset]
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.caption(preset.about, width="content")
            with st.popover("Where it comes from", type="tertiary", icon=":material/history_edu:"):
                st.markdown(preset.history)
                st.caption(f"Source: {preset.source}")


def chosen_number() -> int | None:
    """The number of the layer whose card is open."""
    play = state.get()
    if play.chosen == "head":
        return len(play.cards) + 1
    return next((i for i, card in enumerate(play.cards, 1) if card.uid == play.chosen), None)


def choose(number: int) -> None:
    """Open the card of a layer that was clicked in the picture."""
    play = state.get()
    uids: list[int | str] = [*(card.uid for card in play.cards), "head"]
    if 1 <= number <= len(uids):
        play.chosen = uids[number - 1]


def totals(architecture: Architecture, layers: int) -> None:
    """The whole network in one line."""
    figures = {
        "layers": f"{layers}",
        "parameters": f"{architecture.parameters:,}",
        "multiply-adds": metric(architecture.multiply_adds),
        "of activations per image": naturalsize(architecture.activation_bytes),
    }
    st.markdown(
        " · ".join(f"**{value}** {name}" for name, value in figures.items()),
        text_alignment="center",
        help="Height and depth of a block are its maps' height and width, to scale; its thickness "
        "grows with the square root of their number. Multiply-adds are for one image; the "
        "activations are what training must remember of it.",
    )


def layer_list(
    rows: list[Row], architecture: Architecture, problem: str | None, locked: bool
) -> None:
    """The input and the cards."""
    play = state.get()
    fixes = suggest_fixes(architecture) if problem else []
    if problem and not any(row.problem for row in rows):
        st.error(problem, icon=":material/build:")
        for index, fix in enumerate(fixes):
            st.button(
                fix.label, key=f"fix_all_{index}", icon=":material/healing:",
                on_click=play.take, args=(fix.architecture,), disabled=locked,
            )  # fmt: skip
    with st.container(key="layer-list", gap="xxsmall"):
        st.markdown(":gray[:material/image: **Input** · one image of 1×28×28]")
        for row, card in zip(rows, [*play.cards, None], strict=True):
            cards.layer_card(row, card, fixes if row.problem else [], locked)
    drag.drag_layers(palette.drop, enabled=not locked)


def table(rows: list[Row]) -> None:
    """Shapes and costs, layer by layer."""
    st.dataframe(
        {
            "Layer": [f"{row.number} · {row.layer.summary}" for row in rows],
            "Output": [
                "off" if row.skipped else show(row.output_shape) if row.output_shape else "—"
                for row in rows
            ],
            "Parameters": [row.parameters for row in rows],
            "Multiply-adds": [row.multiply_adds for row in rows],
            "Sees": [f"{row.receptive_field} px" if row.output_shape else "—" for row in rows],
            "Memory": [
                naturalsize(row.activation_bytes) if row.activation_bytes else "—" for row in rows
            ],
        },
        hide_index=True,
        row_height=30,
        height="content" if len(rows) < 21 else 620,
        column_config={
            "Layer": st.column_config.TextColumn(width=132),
            "Output": st.column_config.TextColumn(width=78),
            "Parameters": st.column_config.NumberColumn("Param.", format="localized", width=56),
            "Multiply-adds": st.column_config.NumberColumn(
                "Mult.", format="compact", width=48, help="Multiply-adds for one image."
            ),
            "Sees": st.column_config.TextColumn(
                width=48,
                help="The receptive field: the side of the square of input pixels that one "
                "output value depends on.",
            ),
            "Memory": st.column_config.TextColumn(
                width=62, help="The output of one image in float32, which training remembers."
            ),
        },
        alt="Table of the network's layers with output shape, parameters, multiply-adds, "
        "receptive field and activation memory",
    )


def advice(architecture: Architecture) -> None:
    """What a teacher would say about this network."""
    found = advise(architecture)
    if not found:
        return
    st.markdown("**A teacher's notes**")
    for item in found[:6]:
        number = f"**Layer {item.number}.** " if item.number else ""
        st.caption(f"{ICONS[item.severity]} {number}{item.text}")


ICONS: dict[Any, str] = {
    "warning": ":orange[:material/warning:]",
    "hint": ":blue[:material/lightbulb:]",
    "note": ":gray[:material/info:]",
}


studio()
