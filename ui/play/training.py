"""What Play's buttons and knobs do: train, wait, step, start over, build anew."""

from __future__ import annotations

import contextlib

from cnn import runs
from cnn.common.checked import limits
from cnn.datasets import DATASETS
from cnn.presets import PRESETS
from cnn.runs.records import ControlFile
from cnn.training import Settings
from ui.play.state import PACES, get
from ui.shared import state, tabs, tour
from ui.shared.another_try import launch, launch_chosen, send


def fits(run: runs.Run) -> bool:
    """Whether a run is of the network and the settings as they stand now. An example may be of
    another data set: it stands for what would come out."""
    play, config = state.get(), run.config
    same = config.architecture == play.architecture and config.settings == play.settings
    same = same and config.first_filter == play.start_filter
    return same and (run.is_example or config.dataset == play.dataset_name)


def run_of_now() -> runs.Run | None:
    """The current run, where it is of the network and the settings as they stand."""
    run = _current_run()
    return run if run is not None and fits(run) else None


def train() -> None:
    """Train, or go on training."""
    tour.did("train")
    run = run_of_now()
    status = run.state if run else None
    if run and status in runs.ACTIVE:
        send(run, paused=False)
    elif (run and run.can_resume()) or (run and run.can_start_again() and run.id in get().begun):
        _start(run)
    else:
        if run and not run.is_example:  # it has finished: the same again would be the same
            _new_seed()
        begin()


def pause() -> None:
    """Let the run wait."""
    if run := run_of_now():
        send(run, paused=True)


def step() -> None:
    """One batch, then wait."""
    run = run_of_now()
    if run and run.state in runs.ACTIVE:
        asked = max(run.status().get("step", 0), run.control().get("run_until", 0))
        send(run, paused=True, run_until=asked + 1)
    else:
        _train_and_wait({"paused": True, "run_until": 1})


def epoch() -> None:
    """To the end of the epoch, then wait."""
    run = run_of_now()
    if run and run.state in runs.ACTIVE:
        send(run, paused=True, until_epoch=run.status().get("epoch", 0) + 1)
    else:
        _train_and_wait({"paused": True, "until_epoch": 1})


def start_over() -> None:
    """New random weights; where it was training, it trains on with them."""
    was_training = _abandon()
    _new_seed()
    state.leave_run()
    if was_training:
        begin()


def rebuild(**changes: object) -> None:
    """Take other settings or, as `architecture`, another network; where it was training, train
    that. Raises SettingsError."""
    tour.did("knob")
    play = state.get()
    architecture = changes.pop("architecture", None)
    settings = play.settings.changed(**changes)
    before = play.version - get().turns
    was_training = _abandon()
    if architecture is not None:
        play.take(architecture)  # type: ignore[arg-type]
    play.settings = settings
    play.version += 1
    get().turns = play.version - before  # the knobs that were turned keep their widgets
    if run_of_now() is None:
        state.leave_run()
    if was_training:
        begin()
    get().changed = True


def take_dataset(name: str) -> None:
    """Learn from other images; where it was training, train on them. For what is no data set's
    name, as a browser may send it, nothing happens."""
    if name not in DATASETS:
        return
    play, fewer = state.get(), state.get().settings.train_images
    was_training = _abandon()
    play.dataset = name
    if fewer is not None and fewer >= DATASETS[name].train_images:
        play.settings = play.settings.changed(train_images=None)
    state.leave_run()
    if was_training:
        begin()
    get().changed = True


def load_preset(name: str) -> None:
    """Take a preset's network and settings; where it was training, train that. For what is no
    preset's name nothing happens."""
    if name not in PRESETS:
        return
    tour.did("knob")
    was_training = _abandon()
    state.get().load_preset(name)
    state.leave_run()
    if was_training:
        begin()


def begin(control: ControlFile | None = None) -> None:
    """A new run of the network and the settings as they stand."""
    tour.did("train")
    play = state.get()
    asked: ControlFile = {"pace": PACES[get().speed], "begun_by_play": True, **(control or {})}

    def start(run: runs.Run) -> None:
        runs.launch(run, control=asked)
        _is_begun_here(run)

    launch_chosen(play.dataset_name, start)


def widgets() -> int:
    """Part of the widgets' keys: another network from elsewhere means new widgets."""
    return state.get().version - get().turns


def set_pace() -> None:
    """Tell the run how fast it may go."""
    if (run := run_of_now()) and run.state in runs.ACTIVE:
        send(run, pace=PACES[get().speed])


def _train_and_wait(control: ControlFile) -> None:
    run = run_of_now()
    if run and run.can_resume():
        done = run.status()
        if "run_until" in control:
            control["run_until"] = done.get("step", 0) + 1
        else:
            control["until_epoch"] = done.get("epoch", 0) + 1
        _start(run, control)
        return
    if run and not run.is_example:
        _new_seed()
    begin(control)


def _start(run: runs.Run, control: ControlFile | None = None) -> None:
    """Go on with a run that has ended, at the chosen speed."""
    asked: ControlFile = {"pace": PACES[get().speed], **(control or {})}
    if run.id in get().begun:
        asked["begun_by_play"] = True  # what was asked of it before is forgotten
    launch(lambda: run, lambda it: runs.launch(it, control=asked))


def _new_seed() -> None:
    play = state.get()
    last = limits(Settings.model_fields["seed"]).high
    seed = play.settings.seed + 1 if play.settings.seed < last else 0
    play.settings = play.settings.changed(seed=seed)


def _abandon() -> bool:
    """Let go of the run that was begun in this tab, before a reload too, and has not finished;
    whether one begun on Play, in this tab or another, was training."""
    run, begun = _current_run(), get().begun
    if run is None:
        return False
    status, control, is_mine = run.state, run.control(), run.id in begun
    if is_mine and status != "finished":
        with contextlib.suppress(runs.RunError):
            run.discard()
        begun.remove(run.id)
    is_plays = is_mine or bool(control.get("begun_by_play"))
    return is_plays and status in ("running", "queued") and not control.get("paused")


def _current_run() -> runs.Run | None:
    """The current run. One that Play began, which a reload of the page has come back to, is this
    tab's again; a second tab with the same address only looks at it."""
    run = state.current_run()
    if run is None or run.id != state.get().came_with or run.id in get().begun:
        return run
    if run.control().get("begun_by_play") and not tabs.is_anothers(run):
        _is_begun_here(run)
    return run


def _is_begun_here(run: runs.Run) -> None:
    get().begun.append(run.id)
    tabs.claim(run)


def parameters(settings: Settings) -> str:
    """What stands beside the network's name: its parameters and the seed of its random weights."""
    count = state.get().architecture.parameters
    return f"{count:,} parameters · seed {settings.seed}"
