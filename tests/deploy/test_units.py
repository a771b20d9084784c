"""The files by which others run Candlewick: systemd, containers, Kubernetes; each is held to what it promises."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from candlewick.config import load

DEPLOY = Path(__file__).parents[2] / "deploy"
UNIT = DEPLOY / "systemd/candlewick@.service"
CONTAINERFILE = (DEPLOY / "container/Containerfile").read_text()
COMPOSE = yaml.safe_load((DEPLOY / "container/compose.yaml").read_text())
MANIFESTS = list(yaml.safe_load_all((DEPLOY / "kubernetes/candlewick.yaml").read_text()))
POD = next(each for each in MANIFESTS if each["kind"] == "StatefulSet")["spec"]["template"]["spec"]
PROCESSES = {"record": "recorder", "warehouse": "warehouse", "dashboard": "dashboard"}


@pytest.fixture
def systemd_analyze() -> str:
    found = shutil.which("systemd-analyze")
    if found is None and "CI" not in os.environ:
        pytest.skip("there is no systemd-analyze; systemd's own package has it")
    assert found, "CI must have systemd-analyze: systemd's own package has it"
    return found


def test_systemd_takes_the_unit(systemd_analyze, tmp_path):
    unit = tmp_path / "candlewick@record.service"
    unit.write_text(UNIT.read_text().replace("/opt/candlewick/bin/candlewick", shutil.which("true") or "/bin/true"))
    done = subprocess.run([systemd_analyze, "verify", "--man=no", unit], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_unit_is_confined(systemd_analyze):
    command = [systemd_analyze, "security", "--offline=true", "--threshold=20", UNIT]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-300:]


def test_a_unit_is_started_again_for_as_long_as_the_machine_runs():
    text = UNIT.read_text()
    assert "Restart=always" in text and "StartLimitIntervalSec=0" in text


def test_the_image_runs_as_nobody_from_pinned_packages():
    stages = re.split(r"^FROM ", CONTAINERFILE, flags=re.M)[1:]
    assert len(stages) == 2
    assert all(re.match(r"python:[\d.]+-slim-\w+", stage) for stage in stages)
    installs = [" ".join(line.split()) for line in re.findall(r"pip install ((?:.*\\\n)*.*)", stages[0])]
    assert len(installs) == 3
    assert all("--require-hashes" in line or "--no-deps --no-index" in line for line in installs)
    assert "--no-build-isolation" in stages[0], "else a build fetches what builds it"
    last = stages[1]
    assert re.search(r"^USER 10001:10001$", last, re.M) and "HEALTHCHECK" in last
    assert "pip install" not in last and ":latest" not in CONTAINERFILE
    assert re.search(r'^ENTRYPOINT \["candlewick"\]$', last, re.M)


@pytest.mark.parametrize("command", PROCESSES)
def test_each_process_is_a_service_that_can_write_to_its_volume_only(command):
    service = next(each for each in COMPOSE["services"].values() if each.get("command") == [command])
    assert service["read_only"] and service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["volumes"] == ["data:/data"]
    assert all(port.startswith("127.0.0.1:") for port in service.get("ports", []))
    assert f"/data/run/{PROCESSES[command]}.json" in service["healthcheck"]["test"][1]


def test_who_asks_the_exchange_gets_out_and_the_store_does_not():
    networks = {name: set(service["networks"]) for name, service in COMPOSE["services"].items()}
    assert COMPOSE["networks"]["inside"]["internal"]
    assert {name for name, joined in networks.items() if "outside" in joined} == {"recorder", "warehouse", "dashboard"}
    assert all("inside" in joined for joined in networks.values())


def test_every_image_is_of_a_stated_version_and_confined():
    others = {service["image"] for service in COMPOSE["services"].values()} - {"candlewick"}
    assert others and all(re.search(r":v?\d+\.\d+", image) for image in others)
    assert all(service["read_only"] and service["cap_drop"] == ["ALL"] for service in COMPOSE["services"].values())


def test_where_metrics_are_is_published_by_service_and_pod():
    service = next(each for each in MANIFESTS if each["kind"] == "Service")
    published = {port["name"]: port["port"] for port in service["spec"]["ports"]}
    assert published == {"dashboard": 8501, "probe": 8766, "feed": 8765}
    listening = {port["containerPort"] for each in POD["containers"] for port in each["ports"]}
    assert listening == set(published.values())
    recorder = next(each for each in POD["containers"] if each["name"] == "recorder")
    assert recorder["env"] == [{"name": "CANDLEWICK_FEED__HOST", "value": "0.0.0.0"}]
    assert "127.0.0.1:8765:8765" in COMPOSE["services"]["recorder"]["ports"]


@pytest.mark.parametrize("command", PROCESSES)
def test_the_settings_of_compose_are_settings(command, tmp_path, monkeypatch):
    service = next(each for each in COMPOSE["services"].values() if each.get("command") == [command])
    for name, value in service["environment"].items():
        monkeypatch.setenv(name, re.sub(r"\$\{\w+:-(\w+)\}", r"\1", value))
    monkeypatch.chdir(tmp_path)
    settings = load(None)
    assert settings.symbols == ("BTCUSDT",) and settings.dashboard.auth == "token"
    assert settings.feed.host == {"record": "0.0.0.0", "dashboard": "recorder"}.get(command, "127.0.0.1")


@pytest.mark.parametrize("command", PROCESSES)
def test_a_pods_containers_are_confined_and_judged_by_their_beat_alone(command):
    container = next(each for each in POD["containers"] if each["args"][0] == command)
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    probe = container["livenessProbe"]["exec"]["command"]
    assert probe == ["sh", "-c", f'test -n "$(find /data/run/{PROCESSES[command]}.json -mmin -2)"']
    mounts = {each["mountPath"] for each in container["volumeMounts"]}
    assert mounts == {"/data", "/tmp", "/etc/candlewick"}
    assert POD["securityContext"]["runAsNonRoot"]
    assert container["envFrom"] == [{"secretRef": {"name": "candlewick", "optional": True}}], "each reads the bucket"


def test_the_settings_of_the_pod_are_settings(tmp_path):
    config = tmp_path / "candlewick.toml"
    config.write_text(next(each for each in MANIFESTS if each["kind"] == "ConfigMap")["data"]["candlewick.toml"])
    assert load(config).dashboard.auth == "token"
