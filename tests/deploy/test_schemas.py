"""Compose and Kubernetes would take the files of `deploy/`: each field is one of theirs, of the type that they say.

The schemas are the specifications' own (`scripts/deploy_schemas.py` says whose, and takes newer ones).
"""

import json
import re
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema.validators import validator_for

HERE = Path(__file__).parent
DEPLOY = HERE.parents[1] / "deploy"
COMPOSE = yaml.safe_load((DEPLOY / "container/compose.yaml").read_text())
MANIFESTS = list(yaml.safe_load_all((DEPLOY / "kubernetes/candlewick.yaml").read_text()))
SCHEMAS = {name: json.loads((HERE / f"schemas/{name}.json").read_text()) for name in ("compose", "kubernetes")}
VARIABLE = re.compile(r"\$\{\w+(?:(?::?[-?])([^}]*))?\}")


def problems(schema: dict[str, Any], told: dict[str, Any]) -> list[str]:
    """What a schema says, by the draft that it names: in an older one, compose's lets unknown fields pass."""
    return [error.message for error in validator_for(schema)(schema).iter_errors(told)]


def compose_says(composed: dict[str, Any]) -> list[str]:
    """Whatever compose would refuse, its variables being filled in."""
    filled = json.loads(VARIABLE.sub(lambda found: found[1] or "filled", json.dumps(composed)))
    return problems(SCHEMAS["compose"], filled)


def kubernetes_says(manifest: dict[str, Any]) -> list[str]:
    schema = SCHEMAS["kubernetes"]["kinds"][manifest["kind"]] | {"$defs": SCHEMAS["kubernetes"]["$defs"]}
    return problems(schema, manifest)


def test_compose_takes_the_file():
    assert compose_says(COMPOSE) == []


def test_kubernetes_takes_each_manifest():
    assert [manifest["kind"] for manifest in MANIFESTS] == ["ConfigMap", "Service", "StatefulSet"]
    assert [problem for manifest in MANIFESTS for problem in kubernetes_says(manifest)] == []


def renamed(place: dict[str, Any], old: str, new: str) -> None:
    place[new] = place.pop(old)


WRONG_COMPOSE: dict[str, Callable[[dict[str, Any]], None]] = {
    "comand": lambda file: renamed(file["services"]["recorder"], "command", "comand"),
    "service_helthy": lambda file: file["services"]["recorder"]["depends_on"]["store"].update(
        condition="service_helthy"
    ),
    "starts_period": lambda file: renamed(file["services"]["store"]["healthcheck"], "start_period", "starts_period"),
    "network": lambda file: renamed(file, "networks", "network"),
    "read_only": lambda file: file["services"]["store"].update(read_only=["yes"]),
}


@pytest.mark.parametrize("typo", WRONG_COMPOSE)
def test_a_typo_in_the_compose_file_is_refused(typo):
    wrong = deepcopy(COMPOSE)
    WRONG_COMPOSE[typo](wrong)
    assert compose_says(wrong) != []


def container(pod: dict[str, Any]) -> dict[str, Any]:
    first: dict[str, Any] = pod["spec"]["template"]["spec"]["containers"][0]
    return first


WRONG_PODS: dict[str, Callable[[dict[str, Any]], None]] = {
    "comand": lambda pod: container(pod).update(comand=["record"]),
    "livenesProbe": lambda pod: renamed(container(pod), "livenessProbe", "livenesProbe"),
    "readonlyRootFilesystem": lambda pod: container(pod)["securityContext"].update(readonlyRootFilesystem=True),
    "replicas": lambda pod: pod["spec"].update(replicas="one"),
    "apiVersion": lambda pod: pod.update(apiVersion="apps/v2"),
    "serviceName": lambda pod: renamed(pod["spec"], "selector", "selectors"),
}


@pytest.mark.parametrize("typo", WRONG_PODS)
def test_a_typo_in_a_manifest_is_refused(typo):
    wrong = deepcopy(MANIFESTS[2])
    WRONG_PODS[typo](wrong)
    assert kubernetes_says(wrong) != []
