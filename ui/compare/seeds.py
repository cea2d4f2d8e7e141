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
    """The runs by what they have in common but the seed; of each seed the newest finished run only,
    else the newest, so that a repetition does not count as chance."""
    found: dict[str, dict[int, Summary]] = {}
    for one in picked:
        seeds = found.setdefault(one.group, {})
        before = seeds.get(one.seed)
        if before is None or _rank(one) > _rank(before):
            seeds[one.seed] = one
    return [sorted(seeds.values(), key=lambda one: one.seed) for seeds in found.values()]


def _rank(one: Summary) -> tuple[bool, float]:
    return one.state == "finished", one.created


def name_of(group: Group, counted: Group | None = None) -> str:
    """What to call a group: its oldest run's name, and how many seeds it has, or how many of them
    are `counted`."""
    oldest = min(group, key=lambda one: one.created)
    count = len(group if counted is None else counted)
    return f"{oldest.name}, {plural(count, 'seed')}" if len(group) > 1 else oldest.name


def finished(group: Group) -> Group:
    """Those that were trained to their end: one that was stopped or failed says less of chance than
    of when that happened."""
    return [one for one in group if one.run.state == "finished"]


def in_band(group: Group) -> Group:
    """The seeds of which a band is made: the finished ones; while there are fewer than two, those
    with an epoch, the broken off among them only where there is nothing else."""
    if len(done := finished(group)) > 1:
        return done
    begun = [one for one in group if len(curves(one.run).accuracy()[1])]
    return [one for one in begun if one.run.state in ("finished", *runs.ACTIVE)] or begun


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
    counted = [in_band(group) for group in now]
    known = [[curves(one.run) for one in members] for members in counted]
    found = [
        band
        for group, members, curved in zip(now, counted, known, strict=True)
        if (band := band_of(curved, name_of(group, members)))
    ]
    if not found:
        st.info(
            "Nothing to draw yet: points come with the first epoch.", icon=":material/show_chart:"
        )
        return
    title = measured([one for members in known for one in members], "accuracy")
    figure = figures.bands(found, "epoch", title, percent=True)
    draw(figure, "bands", f"{title} over the seeds, mean and range, by epoch")
    for group in now:
        tests = [one.test for one in finished(group) if one.test is not None]
        if len(tests) > 1:
            spread = f"{100 * np.mean(tests):.2f} ± {100 * np.std(tests, ddof=1):.2f}%"
            st.markdown(
                f"{plain(name_of(group, finished(group)))}: **{spread}** test accuracy (mean ± "
                "standard deviation over the seeds)."
            )
    said = "Line: the mean of the seeds; band: from the lowest to the highest."
    drawn = {one.run.id for members in counted for one in members}
    out = [
        f"seed {one.seed} ({one.run.state})"
        for group in now
        for one in group
        if one.run.id not in drawn
    ]
    st.caption(f"{said} Not in it: {', '.join(out)}." if out else said)


def compare_groups(groups: Sequence[Group]) -> None:
    """Two networks by all their seeds, in one sentence."""
    done = [finished(group) for group in groups]
    tests = [[one.test for one in group if one.test is not None] for group in done]
    if any(len(values) < 2 for values in tests):
        st.info("Each needs two finished seeds at least.", icon=":material/hourglass_empty:")
        return
    found = evaluation.compare_groups(tests[0], tests[1])
    first, second = (
        f"“{name_of(group, members)}”" for group, members in zip(groups, done, strict=True)
    )
    st.success(plain(found.sentence(first, second)), icon=":material/balance:")
    st.caption(
        "Over the seeds' test accuracies: what chance alone makes of each network is in it. "
        "Tick one run of each to compare them image by image."
    )
