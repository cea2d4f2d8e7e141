"""Several tabs, threads and processes act on one run at the same moment."""

from __future__ import annotations

import pytest

from cnn import runs
from tests.faults.conftest import LONG, NETWORK, SETTINGS
from tests.faults.processes import at_once, living, wait_for

LAUNCHES = 50 if LONG else 5
WRITES = 60
ALREADY = "is being trained already"


def stop(run: runs.Run) -> None:
    run.send(stop=True)
    wait_for(lambda: not run.is_alive(), run)


def test_two_launchers_at_a_barrier_start_one_worker(busy_cpu, launchers):
    for _ in range(LAUNCHES):
        run = runs.new(NETWORK, SETTINGS, "mnist-sample", "cpu")
        for launcher in launchers:
            launcher.ask("launch", run)
        said = [launcher.answer() for launcher in launchers]
        assert sorted(answer == "ok" for answer in said) == [False, True], said
        assert any(ALREADY in answer for answer in said), said
        assert len(living(run.id)) == 1
        stop(run)
        assert run.state == "stopped"


def test_two_tabs_press_resume_and_start_again_at_once(busy_cpu, made):
    for _ in range(LAUNCHES):
        said = at_once(lambda: runs.launch(made), lambda: runs.start_again(made))
        assert sorted(answer == "ok" for answer in said) == [False, True], said
        assert any(ALREADY in answer for answer in said), said
        wait_for(lambda: len(living(made.id)) == 1, made)  # a child of its own may be starting
        stop(made)


def test_a_run_is_started_or_deleted_and_never_both(busy_cpu, launchers):
    for _ in range(LAUNCHES):
        run = runs.new(NETWORK, SETTINGS, "mnist-sample", "cpu")
        launchers[0].ask("launch", run)
        launchers[1].ask("delete", run)
        started, deleted = [launcher.answer() for launcher in launchers]
        assert (started == "ok") != (deleted == "ok"), (started, deleted)
        assert run.path.exists() == run.is_alive() == (started == "ok")
        if started == "ok":
            stop(run)
        else:
            assert not living(run.id)


def test_two_writers_of_control_lose_nothing(made, launchers):
    lost = 0
    for number in range(1, WRITES + 1):
        made.send(stop=False)
        launchers[0].ask("send", made, learning_rate=number / 100)
        launchers[1].ask("send", made, stop=True)
        assert [launcher.answer() for launcher in launchers] == ["ok", "ok"]
        lost += made.control() != {"stop": True, "learning_rate": number / 100}
    assert lost == 0


def test_a_run_that_is_renamed_while_it_is_deleted_is_gone(launchers):
    for number in range(LAUNCHES):
        run = runs.new(NETWORK, SETTINGS, "mnist-sample", "cpu")
        launchers[0].ask("rename", run, name=f"Name {number}")
        launchers[1].ask("delete", run)
        renamed, deleted = [launcher.answer() for launcher in launchers]
        assert deleted == "ok"
        assert renamed == "ok" or "could not be changed" in renamed
        assert not run.path.exists()


@pytest.mark.parametrize("start", [runs.launch, runs.start_again])
def test_pressed_twice_the_second_press_is_told(busy_cpu, made, start):
    start(made)
    with pytest.raises(runs.RunError, match=ALREADY):
        start(made)
    assert len(living(made.id)) == 1
    stop(made)
