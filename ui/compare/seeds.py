"""The same network with several seeds: training them, their band, and comparing by groups."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st

from cnn import evaluation, figures, runs
from cnn.common.text import plural
from cnn.datasets import DataError, require_on_disk
from cnn.runs.curves import curves
from cnn.runs.overview import Summary
from ui.compare.curves import LOOK_SECONDS, band_of, draw, measured
from ui.compare.state import CompareState
from ui.shared import state
from ui.shared.plain_text import plain
from ui.shared.refresh import refreshing

MOST_SEEDS = 10
Group = list[Summary]


def groups_of(picked: Sequence[Summary]) -> list[Group]:
    """The runs by what they have in common but the seed; of each seed the newest run only, so that
    a repetition does not count as chance."""
    found: dict[str, dict[int, Summary]] = {}
    for one in picked:
        seeds = found.setdefault(one.group, {})
        before = seeds.get(one.seed)
        if before is None or one.created > before.created:
            seeds[one.seed] = one
    return [sorted(seeds.values(), key=lambda one: one.seed) for seeds in found.values()]


def name_of(group: Group) -> str:
    """What to call a group: its oldest run's name, and how many seeds it has."""
    oldest = min(group, key=lambda one: one.created)
    return f"{oldest.name}, {plural(len(group), 'seed')}" if len(group) > 1 else oldest.name


def show(picked: Sequence[Summary], found: Sequence[Summary]) -> None:
    """The button that trains the ticked network with other seeds."""
    if not picked:
        st.markdown("How much of a result is chance? Tick a run to train it with other seeds.")
        return
    one = picked[0]
    group = members(one, found)
    st.markdown(
        f"How much of a result is chance? Train **{plain(one.name)}** with other seeds: nothing "
        "else changes, and its curve becomes a band."
    )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        count = int(st.number_input("Seeds", 1, MOST_SEEDS, 2, key="seeds_count", width=120))
        known = {member.seed for member in group}
        new = [seed for seed in range(len(known) + count) if seed not in known][:count]
        ids = [member.run.id for member in group]
        st.button(
            f"Train {plural(count, 'more seed')}",
            icon=":material/casino:",
            type="primary",
            key="train_seeds",
            on_click=start,
            args=(one.run, new, ids),
            help=f"Seeds {', '.join(map(str, new))}; they queue on the device as any runs do.",
        )
        if len(group) > 1:
            title = f"Tick its {plural(len(group), 'seed')}"
            st.button(
                title, key="tick_group", icon=":material/checklist:", on_click=tick, args=(ids,)
            )


def members(one: Summary, found: Sequence[Summary]) -> Group:
    """The runs that differ from `one` in nothing but the seed, and itself, by seed."""
    return groups_of([other for other in found if other.group == one.group])[0]


def tick(ids: list[str]) -> None:
    """Tick these runs and no others."""
    state.page(CompareState).ticked = ids


def start(run: runs.Run, seeds: Sequence[int], together: list[str]) -> None:
    """Train `run` again with each of these seeds; they are ticked together with `together`."""
    made = []
    try:
        require_on_disk(run.config.dataset)
        for seed in seeds:
            made.append(again := runs.repeat(run, seed))
            runs.launch(again)
    except (runs.RunError, DataError) as error:
        state.get().notice = plain(error)
    if made:
        tick([*together, *(one.id for one in made)])


def bands(picked: Sequence[Summary]) -> bool:
    """Where several of the runs are one network with several seeds: its band instead of its curves.
    Returns whether it was drawn."""
    groups = groups_of(picked)
    if all(len(group) == 1 for group in groups):
        return False
    if not st.toggle("Seeds as bands", True, key="seeds_as_bands", persist_state="session"):
        return False
    active = any(one.is_active for one in picked)
    refreshing(_bands, LOOK_SECONDS if active else None, "bands")(groups, active)
    return True


def _bands(groups: list[Group], was_active: bool) -> None:
    now = [[one for one in group if one.run.path.is_dir()] for group in groups]
    if was_active and not any(one.run.state in runs.ACTIVE for group in now for one in group):
        st.rerun()
    known = [[curves(one.run) for one in group] for group in now]
    found = [
        band
        for group, members in zip(now, known, strict=True)
        if (band := band_of(members, name_of(group)))
    ]
    if not found:
        st.info(
            "Nothing to draw yet: points come when every seed has an epoch.",
            icon=":material/show_chart:",
        )
        return
    title = measured([one for members in known for one in members], "accuracy")
    figure = figures.bands(found, "epoch", title, percent=True)
    draw(figure, "bands", f"{title} over the seeds, mean and range, by epoch")
    for group in now:
        tests = [one.test for one in group if one.test is not None]
        if len(tests) > 1:
            spread = f"{100 * np.mean(tests):.2f} ± {100 * np.std(tests, ddof=1):.2f}%"
            st.markdown(
                f"{plain(name_of(group))}: **{spread}** test accuracy (mean ± standard "
                "deviation over the seeds)."
            )
    st.caption("Line: the mean of the seeds; band: from the lowest to the highest.")


def compare_groups(groups: Sequence[Group]) -> None:
    """Two networks by all their seeds, in one sentence."""
    tests = [[one.test for one in group if one.test is not None] for group in groups]
    if any(len(values) < 2 for values in tests):
        st.info("Each needs two finished seeds at least.", icon=":material/hourglass_empty:")
        return
    found = evaluation.compare_groups(tests[0], tests[1])
    first, second = (f"“{name_of(group)}”" for group in groups)
    st.success(plain(found.sentence(first, second)), icon=":material/balance:")
    st.caption(
        "Over the seeds' test accuracies: what chance alone makes of each network is in it. "
        "Tick one run of each to compare them image by image."
    )
