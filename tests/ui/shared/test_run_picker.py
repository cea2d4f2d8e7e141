"""What runs are called where one is chosen."""

from __future__ import annotations

from cnn import runs
from cnn.network import Architecture
from cnn.network.layers import Flatten
from cnn.training import Settings
from ui.shared.run_picker import labels_of


def run(name: str, accuracy: float | None = None, **settings: object) -> runs.Run:
    made = runs.new(
        Architecture(layers=(Flatten(),)), Settings(**settings), "mnist-sample", "cpu", name=name
    )
    if accuracy is not None:
        made.write_status(state="finished", test_accuracy=accuracy)
    return made


def test_a_name_of_its_own_is_enough():
    one, other = run("LeNet-5"), run("Mine", 0.98)
    assert labels_of([one, other]) == {one.id: "LeNet-5", other.id: "Mine"}


def test_runs_of_one_name_are_told_apart_by_what_differs_accuracy_and_date():
    one, other = run("Mine", 0.9912, epochs=3), run("Mine", 0.5, epochs=5)
    labels = labels_of([one, other])
    assert labels[one.id].startswith("Mine · epochs 3 · 99.12% · ")
    assert labels[other.id].startswith("Mine · epochs 5 · 50.00% · ")
    day, clock = labels[one.id].rpartition(" · ")[2].split(", ")
    assert day.split()[0].isdecimal() and clock[2] == ":"


def test_no_two_labels_are_the_same():
    same = [run("Mine") for _ in range(3)]
    assert len(set(labels_of(same).values())) == 3
