"""The command `sweep`, with real trainings: every combination, the best by validation accuracy."""

from __future__ import annotations

import json

from cnn import runs
from cnn.cli.main import main
from cnn.runs import sweep_worker
from cnn.runs.sweep_parameters import parse_parameter
from cnn.runs.sweeps import new_sweep, open_sweep
from tests.conftest import SMALL
from tests.made_runs import finish, made_run


def test_two_trials_from_the_shell(capsys, tmp_path):
    network = tmp_path / "network.json"
    network.write_text(SMALL.model_dump_json())
    arguments = ["sweep", "--architecture", str(network), "--dataset", "mnist-sample"]
    arguments += ["--device", "cpu", "--epochs", "1", "--set", "train_images=500"]
    assert main([*arguments, "--vary", "learning_rate=0.00001,0.02"]) == 0
    out, err = capsys.readouterr()
    found = json.loads(out)
    assert found["state"] == "finished" and "1 of 2" in err
    tried = {trial["values"]["learning_rate"]: trial for trial in found["trials"]}
    assert tried[0.02]["validation_accuracy"] > tried[0.00001]["validation_accuracy"]
    assert found["best"]["values"] == {"learning_rate": 0.02}
    for trial in found["trials"]:
        run = runs.open_run(trial["run"])
        assert run.state == "finished" and run.config.architecture == SMALL
        assert run.status()["best_validation"] == trial["validation_accuracy"]
    assert open_sweep(found["sweep"]).state == "finished"


def test_what_was_stopped_goes_on_as_the_last_line_said(capsys, monkeypatch):
    monkeypatch.setattr(sweep_worker, "launch", lambda run: finish(run, (0.5, 0.6)))
    config = made_run("Base", (0.4, 0.5)).config
    sweep = new_sweep(config, [parse_parameter("learning_rate=0.01,0.02")])
    sweep.ask_to_stop()
    assert main(["sweep", "--resume", sweep.id]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["state"] == "finished" and len(found["trials"]) == 2


def test_wrong_arguments_are_refused_in_a_line(capsys):
    for arguments, said in (
        ([], "Name what varies"),
        (["--vary", "learning_rate=0.1..1"], "needs values"),
        (["--vary", "speed=3"], "write setting=values"),
        (["--resume", "nowhere"], "no sweep"),
    ):
        assert main(["sweep", "--dataset", "mnist-sample", *arguments]) == 2
        assert said in capsys.readouterr().err
