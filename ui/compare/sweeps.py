"""Sweeps: starting one, watching it, and taking the settings that did best."""

from __future__ import annotations

import typing

import streamlit as st

from cnn import figures, runs
from cnn.common.text import percent, plural
from cnn.datasets import DATASETS, DataError, require_on_disk
from cnn.runs.overview import Summary
from cnn.runs.sweep_parameters import Parameter, describe, parse_parameter, sweepable
from cnn.runs.sweeps import Result, Sweep, launch_sweep, list_sweeps, new_sweep, open_sweep
from cnn.training import Settings
from ui.compare.at_work import progress_text
from ui.compare.seeds import tick
from ui.compare.state import CompareState
from ui.shared import state
from ui.shared.charts import chart
from ui.shared.plain_text import plain
from ui.shared.refresh import refreshing
from ui.shared.run_picker import at_time, told_apart

LOOK_SECONDS = 2.0
NONE = "none"
METHODS = {"grid": "Every combination", "tpe": "Within a budget"}


def show(picked: list[Summary]) -> None:
    """The form of a new one, and the one that is watched."""
    found = list_sweeps()
    with st.expander("A new sweep", icon=":material/grid_on:", expanded=not found, key="new_sweep"):
        _form(picked)
    kept = state.page(CompareState)
    if not found:
        return
    ids = [sweep.id for sweep in found]
    configs = {one.id: one.config for one in found}
    labels = told_apart({k: f"{one.name} · {at_time(one.created)}" for k, one in configs.items()})
    if kept.sweep not in ids:
        kept.sweep = ids[0]
    chosen = st.selectbox(
        "Sweep",
        ids,
        ids.index(kept.sweep),
        format_func=labels.__getitem__,
        key=f"sweep_{kept.sweep}",
    )
    if chosen != kept.sweep:
        kept.sweep = chosen
        st.rerun()
    active = open_sweep(chosen).state == "running"
    refreshing(_watch, LOOK_SECONDS if active else None, "sweep")(chosen, active)


def _form(picked: list[Summary]) -> None:
    base = picked[0].run.config if len(picked) == 1 else None
    of = f"the network on Design, {state.get().title},"
    if base:
        of = f"the ticked run, {picked[0].name},"
    st.markdown(
        f"Trains {plain(of)} again and again with other settings. The best is chosen by "
        "**validation** accuracy; the test set chooses nothing."
    )
    dataset = DATASETS[base.dataset if base else state.get().dataset_name]
    if not (base.settings if base else state.get().settings).held_out(dataset):
        st.info(
            "Its settings hold no images out for validation. The trials hold out "
            f"{dataset.validation_images:,}, and train on so many fewer.",
            icon=":material/info:",
        )
    method = st.segmented_control(
        "How",
        list(METHODS),
        default="grid",
        required=True,
        key="sweep_method",
        format_func=METHODS.__getitem__,
        persist_state="session",
        help="A search (Optuna's TPE) goes on from what did well, and stops trials that fall "
        "behind the median of the others.",
    )
    texts = []
    for place, usual in enumerate(("learning_rate", "batch_size")):
        with st.container(horizontal=True, vertical_alignment="bottom"):
            options = sweepable() if place == 0 else [NONE, *sweepable()]
            name = st.selectbox(
                ("First setting", "Second setting")[place],
                options,
                options.index(usual),
                format_func=_title,
                key=f"sweep_setting_{place}",
                persist_state="session",
            )
            if name == NONE:
                continue
            text = st.text_input(
                "Values" if method == "grid" else "Values, or a range low..high",
                _suggested(name, method or "grid"),
                key=f"sweep_values_{place}_{name}_{method}",
                persist_state="session",
            )
            texts.append(f"{name}={text}")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        epochs = st.number_input("Epochs of a trial", 1, 50, 3, key="sweep_epochs", width=160)
        budget = None
        if method == "tpe":
            budget = int(st.number_input("Trials", 2, 200, 12, key="sweep_budget", width=160))
        if st.button(
            "Start the sweep", type="primary", icon=":material/play_arrow:", key="sweep_start"
        ):
            _start(base, texts, int(epochs), budget)


def _title(name: str) -> str:
    return "No second setting" if name == NONE else Settings.model_fields[name].title or name


def _suggested(name: str, method: str) -> str:
    """Values to begin with, or a range."""
    info = Settings.model_fields[name]
    if typing.get_origin(info.annotation) is typing.Literal:
        return ", ".join(typing.get_args(info.annotation)[:3])
    if info.annotation is bool:
        return "false, true"
    usual = {
        "learning_rate": ("0.003, 0.01, 0.03", "0.001..0.1"),
        "batch_size": ("64, 128", "32..512"),
        "epochs": ("2, 4", "1..6"),
        "weight_decay": ("0, 0.01, 0.1", "0.0001..0.1"),
        "train_images": ("500, 1000, 2000", "500..3000"),
        "early_stopping": ("0, 2", "0..4"),
    }
    values = usual.get(name, ("0, 0.1, 0.2", "0..0.3"))
    return values[0 if method == "grid" else 1]


def _start(base: runs.Config | None, texts: list[str], epochs: int, budget: int | None) -> None:
    play = state.get()
    try:
        parameters = [parse_parameter(text) for text in texts]
        made = base or runs.new_config(
            play.architecture, play.settings, play.dataset_name, play.device, play.preset
        )
        require_on_disk(made.dataset)
        # One that held none out holds the data set's usual number out: it is chosen by them.
        validation = made.settings.validation_images or None
        settings = made.settings.changed(epochs=epochs, validation_images=validation)
        made = made.changed(settings=settings)
        sweep = new_sweep(made, parameters, budget)
        launch_sweep(sweep)
    except (runs.RunError, DataError, ValueError) as error:
        name, colon, rest = str(error).partition(":")
        said = f"{_title(name)}:{rest}" if name in Settings.model_fields and colon else str(error)
        st.error(plain(said), icon=":material/block:")
        return
    state.page(CompareState).sweep = sweep.id
    st.rerun()


def _watch(sweep_id: str, was_active: bool) -> None:
    """How far it is, what it found, and its buttons."""
    try:
        sweep = open_sweep(sweep_id)
        config, results, status = sweep.config, sweep.results(), sweep.status()
    except runs.RunError as error:
        st.warning(plain(error))
        return
    now = str(status["state"])
    done = sum(result.state not in runs.ACTIVE for result in results)
    st.progress(
        min(done / config.budget, 1.0),
        f"{done} of {plural(config.budget, 'trial')} on {DATASETS[config.base.dataset].label}, "
        f"{METHODS[config.method].lower()}: {now}",
    )
    if now == "running":
        _at_work(results)
    if status.get("message"):
        st.caption(plain(status["message"]))
    best = sweep.best()
    _buttons(sweep, now, results, best)
    if was_active and now != "running":  # after the buttons: a click on one may have come first
        st.rerun()
    known = [result for result in results if result.validation is not None]
    if best is not None and best.validation is not None:
        st.success(
            f"Best so far: **{percent(best.validation, 2)}** on the validation images with "
            f"{plain(describe(best.trial['values']))}.",
            icon=":material/star:",
        )
    if len(known) > 1:
        _figures(config.parameters, known, sweep.importance())


def _at_work(results: list[Result]) -> None:
    """Which trial is at work, with what, and how far it is."""
    if not results or results[-1].state not in runs.ACTIVE:
        st.caption("The next trial is being made.")
        return
    trial = results[-1].trial
    try:
        word = progress_text(runs.open_run(trial["run"]))
    except runs.RunError:
        return
    st.caption(plain(f"Trial {len(results)}, {describe(trial['values'])}: {word}"))


def _buttons(sweep: Sweep, now: str, results: list[Result], best: Result | None) -> None:
    with st.container(horizontal=True):
        if now == "running":
            st.button(
                "Stop", icon=":material/stop:", key="sweep_stop", on_click=_stop, args=(sweep,)
            )
        elif now in ("stopped", "interrupted", "failed"):
            st.button(
                "Go on",
                icon=":material/play_arrow:",
                key="sweep_go_on",
                on_click=_go_on,
                args=(sweep,),
                help="From where it was: what is done stays.",
            )
        if (
            st.button(
                "Take the best settings",
                icon=":material/star:",
                key="sweep_take",
                disabled=best is None,
                help="To Train, with its network.",
            )
            and best
        ):
            config = sweep.config
            settings = config.base.settings.changed(**best.trial["values"])
            state.get().replace(config.base.architecture, settings, config.base.preset)
            state.get().dataset = config.base.dataset
            st.switch_page("pages/train.py")
        ids = [result.trial["run"] for result in results if result.state != "deleted"]
        if st.button(
            "Tick its runs", icon=":material/checklist:", key="sweep_tick", disabled=not ids
        ):
            tick(ids)
            st.rerun()


def _stop(sweep: Sweep) -> None:
    try:
        sweep.ask_to_stop()
    except runs.RunError as error:
        state.get().notice = plain(error)


def _go_on(sweep: Sweep) -> None:
    try:
        launch_sweep(sweep)
    except runs.RunError as error:
        state.get().notice = plain(error)


def _figures(
    parameters: tuple[Parameter, ...], known: list[Result], importance: dict[str, float]
) -> None:
    accuracies = [result.validation or 0.0 for result in known]
    columns = {p.name: [result.trial["values"].get(p.name) for result in known] for p in parameters}
    logs = {p.name: p.is_log or p.name in ("learning_rate", "weight_decay") for p in parameters}
    settings = [(p.title, columns[p.name], logs[p.name]) for p in parameters]
    st.markdown("**Every trial**: a line through its settings to its validation accuracy")
    chart(
        figures.parallel_coordinates(settings, accuracies),
        "sweep_lines",
        "Parallel coordinates: each trial's settings and its validation accuracy",
    )
    left, right = st.columns(2)
    gridded = [p for p in parameters if p.values]
    if len(gridded) >= 2:
        first, second = gridded[:2]
        with left:
            st.markdown("**Validation accuracy in per cent**, the best combination framed")
            across, up = (first.title, columns[first.name]), (second.title, columns[second.name])
            chart(
                figures.sweep_map(across, up, accuracies), "sweep_map", "Heat map of two settings"
            )
    if importance:
        with right:
            st.markdown("**How much each setting matters** (fANOVA)")
            titles = [_title(name) for name in importance]
            chart(
                figures.importances(titles, list(importance.values())),
                "sweep_importance",
                "Importance of each setting",
            )
