"""The real server, asked to end while a run trains: where all end with it, nothing is lost."""

from __future__ import annotations

import http.client
import json
from urllib.parse import urlsplit

from cnn import runs
from tests.browsing import served
from tests.faults.conftest import NETWORK, SETTINGS
from tests.faults.processes import living, wait_for


def status_of(address: str, path: str, host: str) -> int:
    connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=10)
    connection.request("GET", path, headers={"Host": host})
    return connection.getresponse().status


def test_a_server_that_ends_leaves_its_runs_resumable(runs_folder, tmp_path):
    log = tmp_path / "server.log"
    run = runs.new(NETWORK, SETTINGS.changed(epochs=60), "mnist-sample", "cpu")
    waiting = runs.new(NETWORK, SETTINGS, "mnist-sample", "cpu")
    runs.launch(run)
    with served(log, CNN_END_RUNS="1", CNN_LOG="json") as address:
        runs.launch(waiting)
        for path in ("/", f"/live/{run.id}", "/_stcore/host-config"):
            assert status_of(address, path, "evil.example") == 421
        assert status_of(address, "/_stcore/metrics", "localhost") == 404
        assert status_of(address, "/", "localhost") == 200
        wait_for(lambda: run.state == "running" and run.last_status().get("step", 0) > 0, run)
    wait_for(lambda: not living(run.id, waiting.id))  # they have said their last word
    assert (run.state, waiting.state) == ("stopped", "stopped")
    assert run.can_resume()
    assert waiting.can_start_again() or waiting.can_resume()  # its turn may have come meanwhile
    assert 0 < run.last_status()["step"] < run.last_status()["steps"]
    lines = log.read_text().splitlines()
    told = [json.loads(line) for line in lines if line and not line.startswith("  ")]
    assert [one["message"] for one in told if one["name"] == "ui.live.routes"] == [
        "the server is ready",
        "the server ends",
    ]
