"""The Dockerfile and what stands beside it, piece by piece: no Docker engine is needed."""

from __future__ import annotations

import http.server
import json
import os
import re
import shlex
import subprocess
import sys
import threading
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[1]
DOCKERFILE = re.sub(r"\\\n\s*", "", (ROOT / "Dockerfile").read_text())


def lines(instruction: str) -> list[str]:
    return re.findall(rf"^{instruction} (.*)$", DOCKERFILE, re.M)


def environment() -> dict[str, str]:
    words = shlex.split(" ".join(lines("ENV")))
    return dict(word.split("=", 1) for word in words)


def test_everything_that_the_app_imports_or_opens_is_copied_and_not_ignored():
    copied = {word.rstrip("/") for line in lines("COPY") for word in line.split()[:-1]}
    assert copied == {
        *("requirements.txt", "app.py", ".streamlit", "cnn", "ui", "pages", "static", "examples")
    }
    wanted = set(re.findall(r"^!(.*)$", (ROOT / ".dockerignore").read_text(), re.M))
    assert wanted == copied and all((ROOT / name).exists() for name in copied)


def test_its_user_is_not_root_and_owns_what_is_written():
    user = lines("USER")[-1]
    assert user == "1000"
    assert f"--uid {user}" in DOCKERFILE
    made = re.search(r"install --directory --owner cnn (.*)$", DOCKERFILE, re.M)
    assert made and set(made[1].split()) == set(json.loads(lines("VOLUME")[0]))
    assert {environment()[name] for name in ("CNN_RUNS_DIR", "CNN_DATA_DIR")} == set(
        made[1].split()
    )


def test_torchs_floors_are_those_of_the_requirements():
    asked = set(re.findall(r'"((?:torch|torchvision)>=[^"]*)"', DOCKERFILE))
    assert asked == {
        line
        for line in (ROOT / "requirements.txt").read_text().splitlines()
        if line.startswith("torch")
    }


def test_its_settings_are_read_by_streamlit():
    """`streamlit config show` of this version, in the container's environment."""
    hosts = {"STREAMLIT_SERVER_ALLOWED_HOSTS": "a.example b.example"}
    done = subprocess.run(
        [sys.executable, "-m", "streamlit", "config", "show"],
        env={**os.environ, **environment(), **hosts},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
    )
    shown = done.stdout
    assert re.search(r'^address = "0.0.0.0"', shown, re.M), done.stderr
    assert re.search(r"^headless = true", shown, re.M)
    assert re.search(r'^allowedHosts = \[\s*"a.example",\s*"b.example",?\s*\]', shown, re.M)
    assert json.loads(lines("CMD")[-1]) == ["streamlit", "run", "app.py"]


class _Health(http.server.BaseHTTPRequestHandler):
    answers = 200

    def do_GET(self) -> None:
        self.send_response(self.answers if self.path == "/_stcore/health" else 404)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


def test_its_health_check_tells_a_server_that_answers_from_one_that_does_not():
    found = re.search(r"^HEALTHCHECK .*?CMD (\[.*\])$", DOCKERFILE, re.M)
    assert found
    command = [sys.executable, *json.loads(found[1])[1:]]
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Health) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        env = {**os.environ, "STREAMLIT_SERVER_PORT": str(server.server_port)}
        said = []
        for answer in (200, 503):
            _Health.answers = answer
            said.append(subprocess.run(command, env=env, capture_output=True).returncode)
        server.shutdown()
    assert said[0] == 0 and said[1] != 0


def test_the_compose_files_fit_the_dockerfile():
    composed = yaml.safe_load((ROOT / "compose.yaml").read_text())
    service = composed["services"]["playground"]
    assert {volume.split(":")[1] for volume in service["volumes"]} == set(
        json.loads(lines("VOLUME")[0])
    )
    assert service["ports"] == [f"127.0.0.1:8501:{lines('EXPOSE')[0]}"]
    assert "TORCH" in service["build"]["args"] and lines("ARG") == ["TORCH=cpu"]
    from cnn.runs.ending import MOST_SECONDS

    assert int(service["stop_grace_period"].rstrip("s")) > MOST_SECONDS + 10
    gpu = yaml.safe_load((ROOT / "deploy" / "compose.gpu.yaml").read_text())
    assert set(gpu["services"]) == set(composed["services"])


def test_what_a_space_is_told_fits_the_dockerfile():
    head = (ROOT / "deploy" / "huggingface" / "README.md").read_text().split("---")[1]
    told = yaml.safe_load(head)
    assert (told["sdk"], str(told["app_port"])) == ("docker", lines("EXPOSE")[0])


def test_the_proxy_passes_what_the_app_needs():
    proxy = (ROOT / "deploy" / "nginx.conf").read_text()
    assert "proxy_buffering off" in proxy and "$connection_upgrade" in proxy
    assert "Content-Security-Policy" in proxy and "nosniff" in proxy
    body = re.search(r"client_max_body_size (\d+)m", proxy)
    most = re.search(r"^maxUploadSize = (\d+)", (ROOT / ".streamlit/config.toml").read_text(), re.M)
    assert body and most and int(body[1]) > int(most[1])
