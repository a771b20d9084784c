"""The front end's own checks: its types, and its tests under Node's runner."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

FRONTEND = Path(__file__).parents[2] / "src/candlewick/dashboard/frontend"


@pytest.fixture(scope="module")
def node() -> str:
    """Node, with the packages of the lock, those for development included."""
    found, npm = shutil.which("node"), shutil.which("npm")
    if (found is None or npm is None) and "CI" not in os.environ:
        pytest.skip("the front end is tested where Node and npm are installed")
    assert found, "CI must have Node"
    assert npm, "CI must have npm"
    if not (FRONTEND / "node_modules/typescript").is_dir():
        command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        done = subprocess.run(command, cwd=FRONTEND, capture_output=True, text=True, check=False)
        if done.returncode and "CI" not in os.environ:
            pytest.skip(f"npm could not fetch the front end's packages: {done.stderr[-200:]}")
        assert done.returncode == 0, done.stderr
    return found


def run(*command: str) -> str:
    done = subprocess.run(command, cwd=FRONTEND, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_its_types_hold(node: str) -> None:
    run(node, "node_modules/typescript/bin/tsc", "--noEmit")


def test_its_own_tests_pass(node: str) -> None:
    assert "# fail 0" in run(node, "test.mjs")


def test_its_lock_names_no_registry() -> None:
    assert '"resolved"' not in (FRONTEND / "package-lock.json").read_text()
