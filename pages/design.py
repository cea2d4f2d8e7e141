"""Design: put a network together layer by layer."""

import streamlit as st

from cnn.layers import show
from cnn.presets import PRESETS
from ui import cards, state

st.title("Design")
st.markdown("Put a network together layer by layer. Shapes and sizes follow every change at once.")


@st.fragment
def studio() -> None:
    """The whole page but its title: a moved slider redraws only this."""
    play = state.get()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        names = list(PRESETS)
        key = f"preset_{play.version}"
        st.selectbox(
            "Start from",
            names,
            names.index(play.preset) if play.preset in names else None,
            format_func=lambda name: PRESETS[name].label,
            key=key,
            on_change=lambda: play.load_preset(st.session_state[key]),
            placeholder="Choose a network",
        )
        if play.preset and play.title != PRESETS[play.preset].label:
            st.button(
                "Undo all changes",
                icon=":material/restart_alt:",
                on_click=lambda: play.load_preset(play.preset or names[0]),
            )
    if play.preset:
        st.caption(PRESETS[play.preset].about)

    architecture = play.architecture
    rows, problem = architecture.table(), architecture.problem()
    left, right = st.columns([4, 3], gap="medium")
    with right:
        summary(rows, architecture, problem)
    with left, st.container(key="layer-list", gap="small"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(":material/image: **Input** · 1×28×28 pixels", width="stretch")
            cards.add_menu("Add first", "add_first", 0, help="Add a layer at the top")
        for row, card in zip(rows, [*play.cards, None], strict=True):
            cards.layer_card(row, card)


def summary(rows: list, architecture, problem: str | None) -> None:
    """Totals, the way on, and the table."""
    with st.container(border=True):
        st.markdown(f"**{state.get().title}**")
        one, two = st.columns(2, wrap=False)
        one.metric("Parameters", f"{architecture.parameters:,}")
        two.metric(
            "Multiply-adds",
            large(architecture.multiply_adds),
            help="Multiplications with an addition, for one image through the whole network.",
        )
        if problem:
            st.error(f"Mend this first. {problem}", icon=":material/build:")
        if st.button(
            "Train this network",
            type="primary",
            icon=":material/model_training:",
            disabled=problem is not None,
            width="stretch",
        ):
            st.switch_page("pages/train.py")
    st.dataframe(
        {
            "Layer": [f"{row.number} · {row.layer.summary}" for row in rows],
            "Output": [show(row.output_shape) if row.output_shape else "—" for row in rows],
            "Parameters": [row.parameters for row in rows],
            "Sees": [f"{row.receptive_field} px" if row.output_shape else "—" for row in rows],
            "Multiply-adds": [row.multiply_adds for row in rows],
        },
        hide_index=True,
        height="content" if len(rows) < 16 else 560,
        column_config={
            "Parameters": st.column_config.NumberColumn(format="localized"),
            "Multiply-adds": st.column_config.NumberColumn(format="compact"),
            "Sees": st.column_config.TextColumn(
                help="The receptive field: the side of the square of input pixels that one "
                "output value depends on."
            ),
        },
        alt="Table of the network's layers with output shape, parameters and receptive field",
    )


def large(number: int) -> str:
    """1,234,567 as 1.23 M."""
    for limit, unit in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if number >= limit:
            return f"{number / limit:.3g} {unit}"
    return str(number)


studio()
