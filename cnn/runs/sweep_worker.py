"""The process that works on a sweep: it makes a trial's run, starts it, and goes by what it learns.

Trials come one after another, each a run in the device's queue. Killed at any moment, it goes on
from its record: a run that was cut off is resumed, and Optuna is told anew what is known.
Imports Optuna (1 s), but no torch: that is the runs' own processes' business.
"""

from __future__ import annotations

import argparse
import contextlib
import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from cnn.common.files import write_json
from cnn.common.text import excerpt, percent
from cnn.datasets import DataError, require_on_disk
from cnn.runs.limits import TooManyWaiting
from cnn.runs.locks import MOMENT, Lock
from cnn.runs.run import ACTIVE, Run, RunError
from cnn.runs.starting import launch
from cnn.runs.store import create, open_run, versions
from cnn.runs.sweep_parameters import Parameter, Value, describe, grid
from cnn.runs.sweeps import Sweep, Trial, open_sweep, settings_of
from cnn.training import SettingsError

if TYPE_CHECKING:
    import optuna

LOOK_SECONDS = 0.25
FIRST_TRIALS = 5  # chosen at random, before TPE has anything to go by
SPARED_TRIALS, SPARED_EPOCHS = 4, 1  # nothing is stopped before so many trials, and epochs
FEWEST_FOR_IMPORTANCE = 4

Tell = Callable[[str], None]
T = TypeVar("T")


def main(arguments: list[str]) -> int:
    """`python -m cnn sweep-worker SWEEP`; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m cnn sweep-worker")
    parser.add_argument("sweep")
    try:
        sweep = open_sweep(parser.parse_args(arguments).sweep)
        return 1 if run_sweep(sweep, lambda text: print(text, flush=True)) == "failed" else 0
    except RunError as error:
        print(f"cnn: {error}", file=sys.stderr)
        return 2


def run_sweep(sweep: Sweep, tell: Tell) -> str:
    """Work on a sweep until it ends; returns its last state. Every failure ends in its status.
    Raises RunError where another process does."""
    lock = Lock.take(sweep.lock, MOMENT)
    if lock is None:
        raise RunError("This sweep is at work already.")
    try:
        _write(sweep, "running")
        state, message = _Worker(sweep, tell).work()
        _write(sweep, state, message)
        return state
    except Exception as error:
        known = isinstance(error, RunError | DataError | SettingsError | OSError)
        message = str(error) if known else f"{type(error).__name__}: its log says where."
        with contextlib.suppress(OSError):
            _write(sweep, "failed", excerpt(message, 400))
        if not known:
            raise
        tell(message)
        return "failed"
    finally:
        lock.release()


def _write(sweep: Sweep, state: str, message: str = "") -> None:
    status = {**sweep.status(), "state": state, "message": message}
    write_json(sweep.path / "status.json", status)


class _Worker:
    def __init__(self, sweep: Sweep, tell: Tell):
        self.sweep, self.tell, self.config = sweep, tell, sweep.config
        self.trials = sweep.trials()

    def work(self) -> tuple[str, str]:
        """Every trial; the state at the end and a word on it."""
        require_on_disk(self.config.base.dataset)
        for trial in self.trials:  # what a killed process left
            if not self.sweep.stop_asked():
                self._finish(trial)
        combinations = grid(self.config.parameters) if self.config.method == "grid" else []
        while len(self.trials) < self.config.budget:
            if self.sweep.stop_asked():
                return "stopped", "Stopped before all trials were done."
            number = len(self.trials)
            values = combinations[number] if combinations else self._suggest()
            self._begin(number, values)
        if self.sweep.stop_asked():
            return "stopped", "Stopped during the last trial."
        return "finished", ""

    def _suggest(self) -> dict[str, Value]:
        """The settings that TPE would try next."""
        study = self._study()
        trial = study.ask(distributions(self.config.parameters))
        return dict(trial.params)

    def _begin(self, number: int, values: dict[str, Value]) -> None:
        settings = settings_of(self.config, values)
        base = self.config.base.changed(
            settings=settings, created=time.time(), versions=versions(), start_from=None
        )
        title = f"{self.config.name[:40]} {number + 1}: {describe(values)}"[:80]
        run = self._when_it_may(lambda: create(base, title))
        if run is None:
            return
        trial = Trial(run=run.id, values=values, pruned=False)
        self.trials.append(trial)
        self.sweep.write_trials(self.trials)
        self._finish(trial)

    def _when_it_may(self, act: Callable[[], T]) -> T | None:
        """What `act` gives, as soon as no more of the workspace's runs wait than may; None where
        the sweep is asked to stop before."""
        while not self.sweep.stop_asked():
            try:
                return act()
            except TooManyWaiting:
                time.sleep(4 * LOOK_SECONDS)
        return None

    def _finish(self, trial: Trial) -> None:
        """Train a trial's run to its end, or until it falls behind."""
        try:
            run = open_run(trial["run"])
        except RunError:
            return  # deleted: counted as tried
        if self._is_unfinished(trial, run) and not run.is_alive():
            # Else it waits its turn, or trains, since before this worker began.
            self._when_it_may(lambda: launch(run))
        self._follow(trial, run)
        if run.state == "interrupted" and not self.sweep.stop_asked():
            # Its process was killed: what it has so far is no result. Killed twice, it is left.
            self.tell(f"The process of '{run.name}' was killed: it goes on.")
            self._when_it_may(lambda: launch(run))
            self._follow(trial, run)
        best, state = run.status().get("best_validation"), run.state
        score = "-" if best is None else percent(best, 2)
        word = "stopped early" if trial["pruned"] else state
        self.tell(
            f"{len(self.trials)} of {self.config.budget}: validation {score}, {word}: "
            f"{describe(trial['values'])}"
        )
        self._note_importance()

    def _is_unfinished(self, trial: Trial, run: Run) -> bool:
        """Whether its training is still to be done: the last trial's, where it was cut by the stop
        of the sweep, too."""
        cut = run.state == "stopped" and trial is self.trials[-1] and not trial["pruned"]
        return cut or run.state in ("queued", "interrupted")

    def _follow(self, trial: Trial, run: Run) -> None:
        """Wait for its end; stop it where the sweep is stopped, or it falls behind."""
        reported = 0
        while run.state in ACTIVE:
            if self.sweep.stop_asked():
                run.send(stop=True)
            epochs = _validations(run)
            if len(epochs) > reported and not trial["pruned"]:
                reported = len(epochs)
                if self._falls_behind(trial, epochs):
                    trial["pruned"] = True
                    self.sweep.write_trials(self.trials)
                    run.send(stop=True)
            time.sleep(LOOK_SECONDS)

    def _falls_behind(self, trial: Trial, epochs: list[float]) -> bool:
        """Whether its best accuracy so far is below the median that earlier trials had after as
        many epochs (Golovin and others 2017, section 3.2.2)."""
        if self.config.method == "grid" or len(epochs) >= self._epochs(trial):
            return False
        import optuna

        study = self._study(until=trial)
        now = optuna.trial.create_trial(
            state=optuna.trial.TrialState.RUNNING,
            params=trial["values"],
            distributions=distributions(self.config.parameters),
            intermediate_values=dict(enumerate(epochs)),
        )
        return bool(study.pruner.prune(study, now))

    def _epochs(self, trial: Trial) -> int:
        return settings_of(self.config, trial["values"]).epochs

    def _study(self, until: Trial | None = None) -> optuna.Study:
        """What is known so far, as Optuna takes it: the trials before `until`."""
        import optuna

        optuna.logging.set_verbosity(optuna.logging.WARNING)
        seed = self.config.base.settings.seed + len(self.trials)
        sampler = optuna.samplers.TPESampler(seed=seed, n_startup_trials=FIRST_TRIALS)
        pruner = optuna.pruners.MedianPruner(SPARED_TRIALS, SPARED_EPOCHS)
        study = optuna.create_study(direction="maximize", sampler=sampler, pruner=pruner)
        states = optuna.trial.TrialState
        allowed = distributions(self.config.parameters)
        for trial in self.trials:
            if trial is until:
                break
            run = _run(trial)
            epochs = _validations(run) if run else []
            if not epochs:
                continue
            with contextlib.suppress(ValueError):  # a record that was changed by hand
                study.add_trial(
                    optuna.trial.create_trial(
                        params=trial["values"],
                        distributions=allowed,
                        value=max(epochs),
                        intermediate_values=dict(enumerate(epochs)),
                        state=states.PRUNED if trial["pruned"] else states.COMPLETE,
                    )
                )
        return study

    def _note_importance(self) -> None:
        """How much each setting matters by what is known (PED-ANOVA, Watanabe and others 2023)."""
        import optuna

        study = self._study()
        done = [t for t in study.trials if t.value is not None]
        varied = len({tuple(sorted(t.params.items(), key=str)) for t in done})
        if len(self.config.parameters) < 2 or min(len(done), varied) < FEWEST_FOR_IMPORTANCE:
            return
        with contextlib.suppress(Exception):  # of equal results nothing can be said
            found = optuna.importance.get_param_importances(
                study, evaluator=optuna.importance.FanovaImportanceEvaluator(n_trees=32, seed=0)
            )
            status = {**self.sweep.status(), "state": "running", "importance": dict(found)}
            write_json(self.sweep.path / "status.json", status)


def distributions(
    parameters: tuple[Parameter, ...],
) -> dict[str, optuna.distributions.BaseDistribution]:
    """The parameters as Optuna takes them."""
    from optuna import distributions as optunas

    found: dict[str, optuna.distributions.BaseDistribution] = {}
    for one in parameters:
        if one.values:
            found[one.name] = optunas.CategoricalDistribution(one.values)
        elif one.is_whole:
            low, high = int(one.low or 0), int(one.high or 0)
            found[one.name] = optunas.IntDistribution(low, high, log=one.is_log)
        else:
            found[one.name] = optunas.FloatDistribution(
                one.low or 0.0, one.high or 0.0, log=one.is_log
            )
    return found


def _run(trial: Trial) -> Run | None:
    try:
        return open_run(trial["run"])
    except RunError:
        return None


def _validations(run: Run) -> list[float]:
    """Validation accuracy after each epoch so far."""
    return [
        accuracy
        for row in run.metrics()
        if row["kind"] == "epoch" and (accuracy := row["validation_accuracy"]) is not None
    ]
