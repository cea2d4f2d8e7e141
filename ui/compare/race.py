"""A race: two to four networks that learn in turns of an epoch, their curves over each other."""

from __future__ import annotations

import streamlit as st

from cnn import runs
from cnn.common.text import plural
from cnn.datasets import DATASETS, DataError, require_on_disk
from cnn.network import Architecture
from cnn.presets import PRESETS
from cnn.training import Settings
from ui.compare.seeds import tick
from ui.shared import state
from ui.shared.plain_text import plain

OWN = "The network on Design"
FEWEST, MOST = 2, 4
TWINS = {
    "Pooling twins": ["twin-max", "twin-average", "twin-sum"],
    "Dropout twins": ["twin-dropout", "twin-no-dropout"],
}
KEY = "race_networks"


def show() -> None:
    """Who runs, for how long, and the button."""
    play = state.get()
    st.markdown(
        "Two to four networks learn at the same time: on one device in turns of an epoch, on "
        "several devices side by side. Same images, same seed, same number of epochs."
    )
    with st.container(horizontal=True):
        for title, names in TWINS.items():
            st.button(title, key=f"race_{names[0]}", on_click=_choose, args=(names,))
    chosen = st.multiselect(
        "Networks",
        [OWN, *PRESETS],
        ["tutorial", "compact"],
        format_func=lambda name: PRESETS[name].label if name in PRESETS else OWN,
        max_selections=MOST,
        key=KEY,
        persist_state="session",
    )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        epochs = st.number_input("Epochs", 1, 50, 3, key="race_epochs", width=120)
        same = st.toggle(
            "Same settings for all",
            key="race_same",
            help="Those of Train, instead of each preset's own: then only the network differs.",
        )
    dataset = play.dataset_name
    st.caption(f"On {DATASETS[dataset].label}, chosen on Train.")
    broken = OWN in chosen and play.architecture.problem()
    if broken:
        st.error(
            f"The network on Design cannot be trained yet. {plain(broken)}", icon=":material/build:"
        )
    st.button(
        f"Start the race of {plural(len(chosen), 'network')}",
        type="primary",
        icon=":material/flag:",
        key="race_start",
        disabled=len(chosen) < FEWEST or bool(broken),
        on_click=start,
        args=(chosen, int(epochs), same),
    )


def _choose(names: list[str]) -> None:
    st.session_state[KEY] = names


def start(chosen: list[str], epochs: int, same: bool) -> None:
    """Make the runs, start them in turns, and tick them: the curves are shown above."""
    play, made = state.get(), list[runs.Run]()
    try:
        require_on_disk(play.dataset_name)
        for name in chosen:
            architecture, own, preset, title = _contestant(name)
            # The same images too: some presets hold none out, and would be measured on others.
            settings = (play.settings if same else own).changed(
                epochs=epochs,
                seed=play.settings.seed,
                validation_images=play.settings.validation_images or None,
            )
            run = runs.new(
                architecture, settings, play.dataset_name, play.device, preset, f"Race: {title}"
            )
            made.append(run)
            runs.launch(run, control={"in_turns": True})
    except (runs.RunError, DataError) as error:
        play.notice = plain(error)
    if made:
        tick([run.id for run in made])


def _contestant(name: str) -> tuple[Architecture, Settings, str | None, str]:
    play = state.get()
    if name == OWN:
        return play.architecture, play.settings, play.preset, play.title
    preset = PRESETS[name]
    return preset.architecture, preset.settings, name, preset.label
