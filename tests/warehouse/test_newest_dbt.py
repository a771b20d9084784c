"""The models parse under newer releases of dbt than the one that is pinned: each in an environment of its own."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from candlewick.warehouse.project import PROJECT
from candlewick.warehouse.targets import Target

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

CLEAN = ("dbt-core==1.12.0", "dbt-core-experimental-parser==2.0.0a4", "dbt-duckdb==1.11.1")
"""The newest release that installs from wheels alone: later ones want a parser that is fetched while it is built."""


def uv(*arguments: str) -> None:
    """Run uv; skip where what it is asked for cannot be had."""
    command = [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--only-binary", ":all:", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"{arguments[-1]} cannot be had here: {done.stderr.strip().splitlines()[-1]}")


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with dbt and its adapter for DuckDB."""
    folder = tmp_path_factory.mktemp("newer") / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    uv("--python", str(folder / "bin/python"), *CLEAN)
    return folder


def parsed(environment: Path, folder: Path) -> str:
    """Parse the models as somebody would by hand; return the version of dbt that did."""
    target = Target("dev", {"type": "duckdb", "path": str(folder / "mine.duckdb"), "schema": "me", "threads": 1})
    (folder / "profiles.yml").write_text(json.dumps(target.profile))
    places = ["--project-dir", str(PROJECT), "--profiles-dir", str(folder), "--target-path", str(folder / "target")]
    command = [str(environment / "bin/dbt"), "parse", *places, "--log-path", str(folder / "logs")]
    quiet = os.environ | {"DBT_SEND_ANONYMOUS_USAGE_STATS": "false"}
    done = subprocess.run(command, cwd=folder, env=quiet, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    manifest = json.loads((folder / "target/manifest.json").read_text())
    models = [node for node in manifest["nodes"].values() if node["resource_type"] == "model"]
    assert len(models) > 15 and manifest["unit_tests"]
    return str(manifest["metadata"]["dbt_version"])


def test_the_models_parse_under_the_newest_dbt_that_installs_from_wheels(environment: Path, tmp_path: Path):
    assert parsed(environment, tmp_path) == "1.12.0"


def test_the_models_parse_under_the_newest_dbt_that_there_is(environment: Path, tmp_path: Path):
    """Without what it wants to build at its installation, which parsing does not use."""
    uv("--python", str(environment / "bin/python"), "--no-deps", "--upgrade", "dbt-core")
    major, minor, *_ = parsed(environment, tmp_path).split(".")
    assert (int(major), int(minor)) >= (1, 12)
