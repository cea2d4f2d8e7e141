"""The worker as the app starts it: a process of its own, controlled through files alone."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator

import psutil
import pytest
from safetensors.torch import load_file

from cnn import datasets, evaluation, runs
from cnn.common import files
from cnn.network import Architecture
from cnn.network.layers import Activation, BatchNorm2d, Conv2d, Dropout, Flatten
from cnn.runs import worker
from cnn.runs.file_control import FileControl
from cnn.runs.weights import load_model
from cnn.training import Settings

NETWORK = Architecture(
    layers=(
        Conv2d(filters=4, stride=2, bias=False),
        BatchNorm2d(),
        Activation(),
        Dropout(rate=0.1),
        Flatten(),
    )
)
LONG = Settings(epochs=200, batch_size=8, precision="float32")  # minutes; every test ends it
SECONDS = 90.0


@pytest.fixture
def launched() -> Iterator[Callable[[runs.Run], runs.Run]]:
    """Start workers; none outlives its test."""
    pids: list[int] = []

    def launch(run: runs.Run) -> runs.Run:
        runs.launch(run)
        pids.append(pid_of(run))
        return run

    yield launch
    for pid in pids:
        try:
            process = psutil.Process(pid)
            process.kill()
            process.wait(10)
        except psutil.Error:
            pass


def pid_of(run: runs.Run) -> int:
    return int((files.read_json(run.path / "process.json") or {})["pid"])


def wait(condition: Callable[[], object], run: runs.Run) -> None:
    """Until `condition` holds; a run that failed meanwhile is shown."""
    deadline = time.monotonic() + SECONDS
    while not condition():
        if time.monotonic() > deadline:
            pytest.fail(f"{run.status()}\n{run.log()}")
        time.sleep(0.02)


def ended(run: runs.Run) -> str:
    wait(lambda: run.state not in runs.ACTIVE, run)
    return run.state


def reports(run: runs.Run) -> list[dict]:
    return [row for row in run.metrics() if row["kind"] == "report"]


def test_controlled_while_it_runs_and_another_waits_its_turn(runs_folder, launched):
    run = launched(runs.new(NETWORK, LONG, "mnist-sample", "cpu", name="First"))
    with pytest.raises(runs.RunError, match="'First' is being trained already"):
        runs.launch(run)
    wait(lambda: reports(run), run)
    second = launched(runs.new(NETWORK, LONG, "mnist-sample", "cpu", name="Second"))
    third = launched(runs.new(NETWORK, LONG, "mnist-sample", "cpu", name="Third"))

    # What pages show of a run that trains: guesses, filters, predictions with its newest weights.
    wait(run.live, run)
    live = run.live()
    assert len(live["images"]) == len(live["labels"]) == len(live["probabilities"]) == 10
    assert len(live["filters"]) == 4
    images = datasets.load("mnist-sample").test_images[:5]
    assert evaluation.predict(run, images).shape == (5, 10)
    status = run.status()
    assert (status["device"], status["precision"], status["epochs"]) == ("cpu", "float32", 200)

    # The others are queued and say behind whom; one gives up waiting.
    for waiting in (second, third):
        wait(lambda w=waiting: "First" in str(w.status().get("message")), waiting)
        assert waiting.state == "queued"
    assert second.status()["message"] == "Next in the queue for cpu, behind First"
    assert third.status()["message"] == "2nd in the queue for cpu, behind First and 1 other"
    third.send(stop=True)
    assert ended(third) == "stopped"
    assert third.status()["message"] == "Stopped before it started"
    assert not third.can_resume()

    # Pause: nothing moves, and what is needed to go on is kept.
    run.send(paused=True)
    wait(lambda: run.state == "paused", run)
    step = run.status()["step"]
    assert files.read_json(run.path / "resume.json")["step"] == step
    time.sleep(0.3)
    assert run.status()["step"] == step
    run.send(paused=False, learning_rate=1e-5)
    wait(lambda: run.status()["step"] > step, run)

    # A new learning rate acts at once (the schedule can only make it smaller).
    wait(lambda: reports(run)[-1]["learning_rate"] <= 1e-5, run)

    # Stop: soon, with what was learned, the test set scored.
    run.send(stop=True)
    asked = time.monotonic()
    assert ended(run) == "stopped"
    assert time.monotonic() - asked < 10
    status = run.status()
    assert 0 < status["step"] < status["steps"]
    assert 0 <= status["test_accuracy"] <= 1
    learned = evaluation.predict(run, datasets.load("mnist-sample").test_images)
    kept = evaluation.test_probabilities(run)
    assert abs(learned - kept).max() < 1e-5
    assert (run.path / "checkpoints" / "epoch-000.safetensors").is_file()
    assert run.can_resume()

    # The second has its turn now; SIGTERM is a Stop.
    wait(lambda: reports(second), second)
    os.kill(pid_of(second), signal.SIGTERM)
    assert ended(second) == "stopped"
    assert "test_accuracy" in second.status()


def test_killed_and_resumed_it_ends_with_the_weights_of_an_undisturbed_run(
    runs_folder, launched, monkeypatch
):
    settings = Settings(
        epochs=2,
        batch_size=16,
        learning_rate=0.02,
        optimizer="adamw",
        precision="float32",
        shift=1.5,
        rotation=8.0,
        validation_images=300,
    )
    alone = runs.new(NETWORK, settings, "mnist-sample", "cpu", name="Undisturbed")
    run = runs.new(NETWORK, settings, "mnist-sample", "cpu", name="Killed")

    # Killed without a word, some way on from where a pause has kept a state.
    launched(run)
    wait(lambda: reports(run), run)
    run.send(paused=True)
    wait(lambda: run.state == "paused", run)
    run.send(paused=False)
    wait(lambda: run.state == "running", run)
    os.kill(pid_of(run), signal.SIGKILL)  # long before its 462 steps are done
    wait(lambda: not run.is_alive(), run)
    assert run.state == "interrupted"
    assert "trains" in run.log()
    assert run.can_resume()
    assert run in runs.list_runs()
    assert evaluation.predict(run, datasets.load("mnist-sample").test_images[:2]).shape == (2, 10)
    run.append_metric(kind="report", step=10**6, epoch=99.0, losses=[])  # reported, then forgotten

    launched(run)
    assert worker.run_worker(alone, background=False) == "finished"  # meanwhile, in this process
    assert ended(run) == "finished"
    mine, theirs = (load_file(r.path / "live.safetensors") for r in (run, alone))
    assert mine.keys() == theirs.keys()
    assert [name for name in mine if not mine[name].equal(theirs[name])] == []
    assert run.status()["test_accuracy"] == alone.status()["test_accuracy"]
    assert run.status()["best_validation"] == alone.status()["best_validation"]

    epochs = [[r for r in one.metrics() if r["kind"] == "epoch"] for one in (run, alone)]
    for a, b in zip(*epochs, strict=True):
        for key in ("epoch", "step", "train_loss", "train_accuracy", "validation_loss"):
            assert a[key] == pytest.approx(b[key], abs=1e-6), key
    drawn = [point[0] for row in reports(run) for point in row["losses"]]
    assert drawn == sorted(set(drawn))
    assert drawn[-1] == run.status()["steps"]
    assert not list(run.path.glob("resume*"))  # nothing left to resume


def failing(run: runs.Run) -> str:
    """How a run ends that cannot work, in this process; its message."""
    assert worker.run_worker(run, background=False) == "failed"
    assert run.state == "failed"
    assert "Traceback" in run.log()
    return run.status()["message"]


def test_a_failing_worker_says_why_and_keeps_a_log(runs_folder, launched):
    settings = Settings(learning_rate=10.0, optimizer="sgd", schedule="constant")
    deep = Architecture(layers=(*(Conv2d(filters=8),) * 4, Flatten()))
    run = launched(runs.new(deep, settings, "mnist-sample", "cpu"))
    assert ended(run) == "failed"
    assert "learning rate of 10 is too large" in run.status()["message"]
    assert run.status()["suggested_settings"] == {"learning_rate": 1.0}
    assert "TrainingError" in run.log()


@pytest.mark.parametrize(
    ("dataset", "device", "changes", "words"),
    [
        ("mnist", "cpu", {}, "MNIST is not in "),
        ("mnist-sample", "cuda:9", {}, "There is no device 'cuda:9' here. This machine has: cpu"),
        ("mnist-sample", "cpu", {"validation_images": 3_950}, "Hold out at most 3,900"),
    ],
)
def test_what_cannot_start_is_said_in_words(runs_folder, capfd, dataset, device, changes, words):
    run = runs.new(NETWORK, Settings(**changes), dataset, device)
    assert words in failing(run)
    assert "Traceback" not in capfd.readouterr().err  # the terminal is for the person


def test_a_damaged_resume_state_is_said_and_the_weights_stay(trained):
    files.write_json(trained.path / "resume.json", {"file": "resume-9.safetensors", "step": 9})
    (trained.path / "resume-9.safetensors").write_bytes(b"half a fi")
    trained.write_status(state="interrupted")
    assert "damaged or gone" in failing(trained)
    assert load_model(trained)


def test_a_disk_that_fills_up_is_named(runs_folder, monkeypatch):
    import errno

    from cnn.runs import session

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    run = runs.new(NETWORK, Settings(epochs=1), "mnist-sample", "cpu")
    monkeypatch.setattr(session, "write_tensors", full)
    # It promises only what is there: nothing was kept yet, so there is nothing to resume.
    assert failing(run).endswith("Free some space, then start it again.")
    assert run.can_start_again()


def test_a_disk_that_fills_up_later_promises_to_resume(runs_folder, monkeypatch):
    import errno

    from cnn.runs import session

    run = runs.new(NETWORK, Settings(epochs=2, batch_size=64), "mnist-sample", "cpu")
    write = session.write_tensors

    def full_once_a_state_is_kept(path, tensors):
        if run.files.resume.is_file():
            raise OSError(errno.ENOSPC, "No space left on device")
        write(path, tensors)

    monkeypatch.setattr(session, "RESUME_SECONDS", 0.0)
    monkeypatch.setattr(session, "write_tensors", full_once_a_state_is_kept)
    assert failing(run).endswith("Free some space, then resume.")
    assert run.can_resume()


def test_the_test_set_is_not_touched_before_the_end(runs_folder, monkeypatch):
    """But for the ten images that are shown while it learns."""
    from cnn.runs import session
    from cnn.training import trainer

    seen: list[tuple[int, int]] = []
    plain, score = trainer.Trainer.logits, session.score_test_set

    def spy(self, images):
        if len(images) != len(self.validation_x):
            seen.append((self.position.step, len(images)))
        return plain(self, images)

    def spy_on_score(run, images, device):
        seen.append((run.status()["step"], len(images.test_images)))
        return score(run, images, device)

    monkeypatch.setattr(trainer.Trainer, "logits", spy)
    monkeypatch.setattr(session, "score_test_set", spy_on_score)
    run = runs.new(NETWORK, Settings(epochs=2, batch_size=128), "mnist-sample", "cpu")
    assert worker.run_worker(run, background=False) == "finished"
    last = run.status()["steps"]
    assert [entry for entry in seen if entry[1] != 10] == [(last, 1000)]


def test_signals_are_given_back(runs_folder):
    before = signal.getsignal(signal.SIGINT)
    run = runs.new(NETWORK, Settings(), "mnist", "cpu")
    failing(run)
    assert signal.getsignal(signal.SIGINT) is before


def test_two_changes_within_one_tick_of_the_clock_are_both_seen(runs_folder):
    run = runs.new(NETWORK, Settings(), "mnist-sample", "cpu")
    control = FileControl(run)
    for rate in (0.1, 0.2, 0.3):
        run.send(learning_rate=rate)
        os.utime(run.path / "control.json", ns=(10**18, 10**18))
        assert not control.stop
        assert control.learning_rate == rate
    for nonsense in ("x", -1, 99, None, float("nan"), [1]):
        run.send(learning_rate=nonsense)
        assert not control.stop
        assert control.learning_rate is None
    (run.path / "control.json").write_text("{")
    assert not control.stop
    run.send(stop=True)
    assert control.stop
