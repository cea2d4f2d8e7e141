"""Compare: rows are runs whatever the table does, nothing is deleted unasked, and figures hold."""

from __future__ import annotations

import shutil

import numpy as np
import pytest

from cnn import datasets, runs
from cnn.runs import removal, zipped
from cnn.runs.locks import Lock
from cnn.runs.notes import annotate
from cnn.runs.overview import summary
from tests.made_runs import finish, made_run
from ui.compare import actions, run_table, seeds
from ui.compare.state import CompareState
from ui.shared.reports import Renamed


def kept(page) -> CompareState:
    return page.session_state.playground.pages[CompareState]


def tick(page, *picked: runs.Run):
    kept(page).ticked = [run.id for run in picked]
    return page.run()


def text(page) -> str:
    return " ".join(
        [
            e.value
            for kind in ("markdown", "success", "info", "caption")
            for e in getattr(page, kind)
        ]
    )


def test_ticks_stay_with_their_runs_when_another_starts(app):
    """A run that somebody starts meanwhile becomes the first row: Delete must not act on it."""
    first, second = made_run("First"), made_run("Second")
    page = tick(app("compare"), first)
    made_run("Third, the newest")
    page.run()
    assert kept(page).ticked == [first.id]
    page.button(key="delete_run").click().run()
    assert not page.exception
    asked = " ".join(t.value for t in page.text)
    assert "First" in asked and "Third" not in asked and "Second" not in asked
    assert second.path.is_dir()


def test_a_run_that_is_gone_is_ticked_no_more(app):
    first, second = made_run("First"), made_run("Second")
    page = tick(app("compare"), first, second)
    second.delete()
    page.run()
    assert kept(page).ticked == [first.id] and not page.exception


def test_what_was_deleted_comes_back_until_the_page_is_left(app, runs_folder):
    first, second = made_run("First"), made_run("Second")
    page = app("compare")
    assert kept(page).delete([first, second]) == []
    page.run()
    assert "2 runs" in text(page) and runs.list_runs() == []
    page.button(key="undo_delete").click().run()
    assert {run.id for run in runs.list_runs()} == {first.id, second.id}
    assert first.name == "First" and kept(page).deleted == []

    kept(page).delete([first])
    page.run()
    page.switch_page("pages/learn.py").run()
    assert [run.id for run in runs.list_runs()] == [second.id]
    assert not list(runs_folder.glob(f"{removal.ASIDE}*"))


def test_what_nobody_came_back_for_goes_after_a_day(runs_folder, monkeypatch):
    first, second = made_run("First"), made_run("Second")
    removal.put_aside(first)
    now = removal.time.time()
    monkeypatch.setattr(removal.time, "time", lambda: now + removal.KEPT_SECONDS + 5)
    removal.put_aside(second)
    with pytest.raises(runs.RunError):
        removal.restore(first.id)
    assert removal.restore(second.id).name == "Second"


def test_a_run_in_training_and_an_example_are_not_put_aside(examples):
    trained = made_run()
    example = next(run for run in runs.list_runs() if run.is_example)
    with pytest.raises(runs.RunError, match="example"):
        removal.put_aside(example)
    trained.write_status(state="running")
    lock = Lock.take(trained.files.lock)
    with pytest.raises(runs.RunError, match="still training"):
        removal.put_aside(trained)
    lock.release()


def test_a_name_written_into_its_row(app):
    run = made_run("Old")
    page = app("compare")
    run_table.rename(Renamed(run=run.id, name="New"))
    assert run.name == "New" and not page.exception
    with pytest.raises(runs.RunError, match="'New' keeps the one it has"):
        run.rename("  ")


def test_rows_say_what_the_runs_folders_say(app, runs_folder):
    run = made_run("A run", (0.5, 0.75))
    annotate(run, tags=["small"], note="the first")
    row = run_table._row(summary(run), latest=True)
    assert row["texts"]["test"] == "75.00%" and row["texts"]["loss"] == "0.3500"
    assert row["texts"]["speed"] == "500" and row["curve"] == [0.5, 0.75]
    assert row["tags"] == ["small"] and "small" in row["search"] and row["latest"]
    assert row["texts"]["network"] == "custom" and row["state"] == "finished"
    with run.files.metrics.open("a") as file:
        file.write(
            '{"kind":"epoch","step":30,"epoch":3,"train_accuracy":0.9,'
            '"validation_accuracy":0.9,"validation_loss":0.1}\n'
        )
    assert run_table._row(summary(run), latest=True)["curve"] == [0.5, 0.75, 0.9]


def test_archived_runs_are_shown_on_request(app):
    run = made_run("Old hat")
    page = tick(app("compare"), run)
    page.button(key="archive").click().run()
    assert kept(page).ticked == []
    page.toggle(key="show_archived").set_value(True).run()
    tick(page, run).button(key="archive").click().run()
    assert not runs.open_run(run.id).path.joinpath("notes.json").read_text().count("true")


def test_examples_can_be_compared_and_repeated_but_not_changed(app, examples):
    trained = made_run()
    page = app("compare")
    example = next(run for run in runs.list_runs() if run.is_example)
    for picked, changeable in (([trained], True), ([example], False), ([trained, example], False)):
        tick(page, *picked)
        assert page.button(key="delete_run").disabled is not changeable
        assert page.button(key="archive").disabled is not changeable


def test_a_damaged_folder_is_listed_beside_the_good_ones(app, runs_folder):
    trained = made_run()
    shutil.copytree(trained.path, runs_folder / "cut-short")
    (runs_folder / "cut-short" / "config.json").write_text('{"version": 1, "archi')
    page = app("compare")
    assert any("cut" in warning.value for warning in page.warning)
    page.button(key="delete_cut-short").click().run()
    assert not page.exception
    assert page.button(key="delete_yes").label == "Delete"
    assert (runs_folder / "cut-short").is_dir()


def test_a_folder_that_is_no_run_is_named_and_never_deleted(app, runs_folder):
    """It may be another server's whole folder of runs."""
    other = runs_folder / "all-of-them"
    shutil.copytree(made_run().path, other / "a-run")
    page = app("compare")
    assert any("holds no config" in warning.value for warning in page.warning)
    assert not [b for b in page.button if b.key == "delete_all-of-them"]
    for delete in (removal.put_aside, runs.Run.delete):
        with pytest.raises(runs.RunError, match="no file of a run"):
            delete(runs.Run(other))
    assert (other / "a-run" / "config.json").is_file()


def test_design_takes_a_runs_network_and_settings(app):
    run = made_run("To take", (0.5, 0.6, 0.7), learning_rate=0.003)
    page = tick(app("compare"), run)
    page.button(key="open_design").click().run()
    play = page.session_state.playground
    assert play.page == "design" and not page.exception
    assert play.architecture == run.config.architecture and play.settings == run.config.settings


def test_accuracies_above_97_per_cent_are_told_apart_by_their_error_rates(app):
    good = [made_run(name, (0.98, 0.985)) for name in "AB"]
    page = tick(app("compare"), *good)
    assert page.segmented_control(key="overlay_quantity").value == "Error rate"
    assert page.toggle(key="overlay_log").value


def test_only_the_settings_that_differ(app):
    first = made_run("A", learning_rate=0.01)
    second = made_run("B", learning_rate=0.02, seed=4)
    page = tick(app("compare"), first, second)
    page.segmented_control(key="compare_view").set_value("What differs").run()
    table = next(d.value for d in page.dataframe if "Setting" in d.value)
    assert list(table["Setting"]) == ["Learning rate", "Seed"]
    assert list(table.iloc[0])[1:] == ["0.01", "0.02"]


def test_curves_of_unlike_images_are_said_to_be_so(app):
    held_out, without = made_run("Held out"), made_run("Without", batch_size=32)
    rows = without.files.metrics.read_text().replace('"validation_accuracy"', '"other"')
    without.files.metrics.write_text(rows)
    page = tick(app("compare"), held_out, without)
    page.segmented_control(key="overlay_quantity").set_value("Accuracy").run()
    assert "“Without” held none out for validation" in text(page)
    assert not page.exception


def test_which_is_better_says_so_or_that_one_cannot_tell(app):
    labels = datasets.load("mnist-sample").test_labels.numpy()
    worse, nearly = labels.copy(), labels.copy()
    worse[:40] = (labels[:40] + 1) % 10
    nearly[:2] = (labels[:2] + 1) % 10
    good, bad = made_run("Good", guesses=labels), made_run("Bad", guesses=worse, batch_size=32)
    close = made_run("Close", guesses=nearly, batch_size=16)
    page = app("compare")
    for _ in range(2):  # before it was asked for: in one sentence, once PyTorch is there
        tick(page, good, bad)
        if "“Good” is better than “Bad” by 4" in text(page):
            break
        page.button(key="show_verdict").click().run()
        assert "“Good” is better than “Bad” by 4" in text(page)
        page.segmented_control(key="compare_view").set_value("Curves").run()
    page.segmented_control(key="compare_view").set_value("Which is better?").run()
    assert not page.exception
    assert "“Good” is better than “Bad” by 4\\.00 points" in text(page)
    assert "They disagree on 40 of 1,000" in text(page)
    tick(page, good, close)
    assert "One cannot tell which is better" in text(page)
    assert np.array_equal(labels, datasets.load("mnist-sample").test_labels.numpy())


def test_without_the_data_set_the_samples_images_stand_in(app, examples):
    """On a fresh machine the two examples are told apart all the same, and it says on what."""
    from cnn import evaluation

    compact, tutorial = (run for run in runs.list_runs() if run.is_example)
    page = tick(app("compare"), tutorial, compact)
    page.segmented_control(key="compare_view").set_value("Which is better?").run()
    assert not page.exception
    assert "is not on this machine" in text(page)
    assert f"“{compact.name} · example” is better" in text(page).replace("\\", "")
    labels = datasets.load("mnist-sample").test_labels.numpy()
    images = datasets.load("mnist-sample").test_images
    right = [evaluation.predict(run, images).argmax(1) == labels for run in (tutorial, compact)]
    found = evaluation.pair(tutorial, compact).comparison
    assert (found.only_a, found.only_b) == (
        int((right[0] & ~right[1]).sum()),
        int((~right[0] & right[1]).sum()),
    )


def test_seeds_become_a_band_and_are_compared_as_groups(app):
    a = [made_run(f"A{s}", (0.8, 0.9 + s / 1000), seed=s) for s in range(3)]
    b = [made_run(f"B{s}", (0.8, 0.95 + s / 1000), seed=s, batch_size=32) for s in range(3)]
    page = tick(app("compare"), *a, *b)
    assert not page.exception
    assert "90\\.10" in text(page) or "90.10 ± 0.10%" in text(page)
    page.segmented_control(key="compare_view").set_value("Which is better?").run()
    assert "“B0, 3 seeds” is better than “A0, 3 seeds” by 5" in text(page).replace("\\", "")


def test_a_seed_that_broke_off_neither_blocks_the_band_nor_counts_as_a_result(app):
    whole = [made_run("A", (0.8, 0.9 + s / 100), seed=s) for s in range(3)]
    cut, failed = (made_run("A", (0.3, 0.3), seed=seed) for seed in (3, 4))
    finish(cut, (0.3,))
    failed.files.metrics.write_text("")
    for run, ended in ((cut, "stopped"), (failed, "failed")):
        run.write_status(**{**run.status(), "state": ended, "test_accuracy": 0.3})
    page = tick(app("compare"), *whole, cut, failed)
    assert not page.exception
    said = text(page).replace("\\", "")
    assert "A, 3 seeds: **91.00 ± 1.00%**" in said
    assert "Not in it: seed 3 (stopped), seed 4 (failed)." in said
    groups = seeds.groups_of([summary(run) for run in (*whole, cut, failed)])
    assert [one.seed for one in seeds.in_band(groups[0])] == [0, 1, 2]
    assert [one.seed for one in seeds.in_band(groups[0][2:])] == [2]
    assert [one.seed for one in seeds.in_band(groups[0][3:])] == [3]  # there is nothing else


def test_a_repetition_that_failed_hides_no_result():
    done, again = made_run("X", seed=5), made_run("X", seed=5)
    again.write_status(state="failed")
    ((kept_one,),) = seeds.groups_of([summary(done), summary(again)])
    assert kept_one.run.id == done.id


def test_ticked_runs_at_work_are_told_of_and_can_be_stopped(app):
    first, second = made_run("A", seed=0), made_run("A", seed=1)
    second.write_status(state="running", epoch=0, epochs=2, step=3, steps=20, seconds_left=60)
    lock = Lock.take(second.files.lock)
    page = tick(app("compare"), first, second)
    assert "A: Epoch 1 of 2" in text(page).replace("\\", "")
    page.button(key="stop_ticked").click().run()
    assert second.control().get("stop") and not page.exception
    lock.release()
    page.run()
    assert not [button for button in page.button if button.key == "stop_ticked"]


def test_more_seeds_are_new_runs_that_differ_in_nothing_else(app, monkeypatch):
    started = []
    monkeypatch.setattr(runs, "launch", started.append)
    run = made_run("Base", seed=1)
    page = tick(app("compare"), run)
    page.number_input(key="seeds_count").set_value(3).run()
    page.button(key="train_seeds").click().run()
    assert sorted(one.config.settings.seed for one in started) == [0, 2, 3]
    assert all(one.config.settings.changed(seed=1) == run.config.settings for one in started)
    assert set(kept(page).ticked) == {run.id, *(one.id for one in started)}


def test_a_repeated_seed_counts_once():
    first, again = made_run("X", seed=5), made_run("X", seed=5)
    other = made_run("X", seed=6)
    groups = seeds.groups_of([summary(run) for run in (first, again, other)])
    assert [[one.run.id for one in group] for group in groups] == [[again.id, other.id]]


def test_metrics_as_csv(app):
    import csv
    import io

    run = made_run("Table", (0.5, 0.75))
    rows = list(csv.DictReader(io.StringIO(actions.metrics_csv(run))))
    losses = [float(row["train_loss"]) for row in rows if row["kind"] == "report"]
    np.testing.assert_allclose(losses, 2 / np.arange(1, 21))
    ends = [float(row["validation_accuracy"]) for row in rows if row["kind"] == "epoch"]
    assert ends == [0.5, 0.75]


def test_an_import_shows_beside_the_others(app):
    run = made_run("Travelled")
    again = zipped.from_zip(zipped.to_zip(run))
    assert {one.id for one in runs.list_runs()} == {run.id, again.id}
    page = app("compare")
    assert not page.exception and again.name == "Travelled"


def test_a_race_is_runs_that_give_way_after_each_epoch(app, monkeypatch):
    started = []
    monkeypatch.setattr(runs, "launch", lambda run, control: started.append((run, control)))
    page = app("compare")
    page.segmented_control(key="compare_more").set_value("Race").run()
    page.button(key="race_twin-max").click().run()
    page.number_input(key="race_epochs").set_value(2).run()
    page.button(key="race_start").click().run()
    assert not page.exception
    assert [run.config.preset for run, _ in started] == ["twin-max", "twin-average", "twin-sum"]
    assert all(control == {"in_turns": True} for _, control in started)
    assert {run.config.settings.epochs for run, _ in started} == {2}
    assert kept(page).ticked == [run.id for run, _ in started]


def test_a_sweep_is_started_watched_and_its_best_settings_taken(app, monkeypatch):
    from cnn.runs import sweep_worker
    from ui.compare import sweeps

    def launch(run: runs.Run) -> None:
        rate = run.config.settings.learning_rate
        finish(run, (0.5, 0.9 if rate == 0.01 else 0.8))

    monkeypatch.setattr(sweep_worker, "launch", launch)
    monkeypatch.setattr(sweeps, "launch_sweep", lambda sweep: sweep_worker.run_sweep(sweep, str))
    base = made_run("Base", (0.4, 0.5))
    page = tick(app("compare"), base)
    page.segmented_control(key="compare_more").set_value("Sweep").run()
    page.text_input(key="sweep_values_0_learning_rate_grid").set_value("0.01, 99").run()
    page.button(key="sweep_start").click().run()
    assert any("Learning rate" in e.value or "learning" in e.value for e in page.error)
    page.text_input(key="sweep_values_0_learning_rate_grid").set_value("0.003, 0.01").run()
    page.button(key="sweep_start").click().run()
    assert not page.exception
    assert "90.00%" in text(page) and "learning rate 0" in text(page)
    page.button(key="sweep_take").click().run()
    play = page.session_state.playground
    assert play.page == "train" and play.settings.learning_rate == 0.01
    assert play.architecture == base.config.architecture


def test_two_sweeps_of_one_minute_are_two_choices(app):
    """A select box goes by its labels: Stop must not stop the other one."""
    from cnn.runs.sweep_parameters import parse_parameter
    from cnn.runs.sweeps import new_sweep

    base = made_run("Base", (0.4, 0.5)).config
    made = [new_sweep(base, [parse_parameter("learning_rate=0.01,0.02")]).id for _ in range(2)]
    page = app("compare")
    page.segmented_control(key="compare_more").set_value("Sweep").run()
    for chosen in made:
        box = next(box for box in page.selectbox if box.label == "Sweep")
        assert len(set(box.options)) == 2
        box.set_value(chosen).run()
        assert kept(page).sweep == chosen
        page.run()
        assert kept(page).sweep == chosen and not page.exception


def test_a_sweep_of_a_run_without_validation_images_holds_some_out(app, monkeypatch):
    from cnn.runs.sweeps import list_sweeps
    from ui.compare import sweeps

    monkeypatch.setattr(sweeps, "launch_sweep", lambda sweep: None)
    base = made_run("Bare", (0.4, 0.5), validation_images=0)
    page = tick(app("compare"), base)
    page.segmented_control(key="compare_more").set_value("Sweep").run()
    assert "The trials hold out 500" in text(page)
    page.button(key="sweep_start").click().run()
    assert not page.exception and not page.error
    (sweep,) = list_sweeps()
    assert sweep.config.base.validation_images == 500
