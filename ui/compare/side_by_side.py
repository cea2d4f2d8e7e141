"""Several runs beside each other: settings that differ, and whether one is better than another."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
import streamlit as st

from cnn import datasets, evaluation, figures, runs
from cnn.common.text import confidence
from cnn.evaluation import Pair
from cnn.runs.differences import differences
from cnn.runs.overview import Summary
from ui.compare import curves, seeds
from ui.shared import loading, models, state
from ui.shared.charts import chart
from ui.shared.components import dark
from ui.shared.image_choice import ANY_CLASS, ImageChoice
from ui.shared.pictures import enlarge, look_inside
from ui.shared.plain_text import plain
from ui.shared.run_picker import labels_of
from ui.shared.stand_in import stand_in_note

MOST_IMAGES = 24
CURVES, SETTINGS, BETTER = VIEWS = ["Curves", "What differs", "Which is better?"]


def show(picked: Sequence[Summary]) -> None:
    """What two or more runs have in common and what not."""
    names = labels_of([one.run for one in picked])
    st.header("Beside each other")
    above = st.container()
    view = st.segmented_control(
        "What to compare",
        VIEWS,
        default=CURVES,
        required=True,
        key="compare_view",
        label_visibility="collapsed",
        persist_state="session",
    )
    if view != BETTER and len(picked) == 2:
        with above:
            _verdict(picked[0], picked[1], names)
    if view == CURVES:
        if not seeds.bands(picked):
            curves.show(picked, names)
    elif view == SETTINGS:
        _settings(picked, names)
    else:
        _which_is_better(picked, names)


def _verdict(first: Summary, second: Summary, names: dict[str, str]) -> None:
    """Which of two is better, in one sentence where that takes a moment, else behind a button."""
    scored = all(one.run.files.test_probabilities.is_file() for one in (first, second))
    if scored and models.can_ask() and datasets.is_on_disk(first.run.config.dataset):
        try:
            pair = _pair(first.run.id, second.run.id, _changed(first.run), _changed(second.run))
        except (runs.RunError, datasets.DataError) as error:
            st.info(plain(error), icon=":material/info:")
            return
        _say(pair, names[first.run.id], names[second.run.id])
        return
    st.button(
        "Tell which is better",
        key="show_verdict",
        icon=":material/balance:",
        on_click=partial(st.session_state.__setitem__, "compare_view", BETTER),
    )


def _say(pair: Pair, a: str, b: str) -> None:
    st.success(plain(pair.comparison.sentence(f"“{a}”", f"“{b}”")), icon=":material/balance:")


def _settings(picked: Sequence[Summary], names: dict[str, str]) -> None:
    found = differences([one.run for one in picked])
    if not found:
        st.info(
            "Nothing differs: network, data and settings are the same.", icon=":material/equal:"
        )
        return
    table = {"Setting": [row.title for row in found]}
    for place, one in enumerate(picked):
        name = names[one.run.id]
        table[name if name not in table else f"{name} ′"] = [row.values[place] for row in found]
    st.dataframe(table, hide_index=True, height="content", alt="Settings that differ between runs")
    st.caption("Everything else is the same.")


def _which_is_better(picked: Sequence[Summary], names: dict[str, str]) -> None:
    groups = seeds.groups_of(picked)
    if len(groups) == 2 and all(len(group) > 1 for group in groups):
        seeds.compare_groups(groups)
        return
    first, second = picked[0], picked[1]
    if len(picked) > 2:
        ids = [one.run.id for one in picked]
        left, right = st.columns(2)
        with left:
            a = st.selectbox("A", ids, 0, format_func=names.__getitem__, key="pair_a")
        with right:
            rest = [run_id for run_id in ids if run_id != a]
            b = st.selectbox("B", rest, 0, format_func=names.__getitem__, key="pair_b")
        first, second = (next(one for one in picked if one.run.id == run_id) for run_id in (a, b))
    loading.wait()
    try:
        note = stand_in_note(first.run.config.dataset)
        pair = _pair(first.run.id, second.run.id, _changed(first.run), _changed(second.run))
    except (runs.RunError, datasets.DataError) as error:
        st.info(plain(error), icon=":material/info:")
        return
    if note:
        st.info(note, icon=":material/database_off:")
    a_name, b_name = names[first.run.id], names[second.run.id]
    _say(pair, a_name, b_name)
    st.caption(
        "On the test images, which chose nothing in either run. One seed each: how much another "
        "seed would change is seen with several seeds, below."
    )
    _confusions(pair, a_name, b_name)
    _disagreements(pair, a_name, b_name)


def _changed(run: runs.Run) -> tuple[float, ...]:
    """Tells one state of a run's weights and test results from another."""
    files = (run.files.weights, run.files.test_probabilities)
    return tuple(file.stat().st_mtime if file.is_file() else 0.0 for file in files)


@st.cache_data(max_entries=16, show_spinner="Comparing")
def _pair(first: str, second: str, *changed: tuple[float, ...]) -> Pair:
    return evaluation.pair(runs.open_run(first), runs.open_run(second))


def _confusions(pair: Pair, a: str, b: str) -> None:
    st.markdown(f"**A**: {plain(a)}  \n**B**: {plain(b)}")
    st.caption("B minus A: orange where B has more images, blue where it has fewer.")
    left, middle, right = st.columns(3, gap="small")
    for column, name, confusion in ((left, a, pair.confusions[0]), (right, b, pair.confusions[1])):
        with column:
            st.markdown(f"**{'A' if column is left else 'B'}**")
            figure = figures.confusion_heatmap(confusion, pair.classes, dark=dark())
            figure.update_layout(height=420)
            chart(
                figure, f"confusion_{'a' if column is left else 'b'}", f"Confusion matrix of {name}"
            )
    with middle:
        st.markdown("**B minus A**")
        figure = figures.confusion_difference(*pair.confusions, pair.classes)
        chart(figure, "confusion_difference", "Difference of both confusion matrices")


def _disagreements(pair: Pair, a: str, b: str) -> None:
    found = pair.disagreements()
    st.markdown(f"### They disagree on {len(found):,} of {len(pair.labels):,} test images")
    if not len(found):
        return
    st.markdown(f"**A**: {plain(a)}  \n**B**: {plain(b)}")
    st.caption("First those that one of them reads rightly, the most confident mistake first.")
    images = datasets.load(pair.dataset).test_images
    grid = st.grid("auto", min_column_width=120, gap="small")
    for index in found[:MOST_IMAGES].tolist():
        with grid.cell(), st.container(gap="xxsmall"):
            _image(pair, images[index].numpy(), index, a, b)
    if len(found) > MOST_IMAGES:
        st.caption(f"The first {MOST_IMAGES} of {len(found):,}.")


def _image(pair: Pair, image: np.ndarray, index: int, a: str, b: str) -> None:
    truth = pair.labels[index]
    said = []
    for name, guesses, shares in zip("AB", pair.predictions, pair.confidences, strict=True):
        colour = "green" if guesses[index] == truth else "red"
        answer = plain(pair.classes[guesses[index]])
        said.append(f"{name}: :{colour}[**{answer}**] {confidence(shares[index])}")
    alt = f"Test image {index}, {pair.classes[truth]}: {a} and {b} read it differently"
    st.image(enlarge(image, 4), width="stretch", alt=alt)
    st.markdown(f"{plain(pair.classes[truth])} · " + "  \n".join(said))
    if look_inside(index, f"differs_{index}"):
        choice = state.page(ImageChoice)
        choice.source, choice.index, choice.wanted_class = "Test image", index, ANY_CLASS
        st.switch_page("pages/inspect.py")
