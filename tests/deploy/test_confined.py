"""The image's own steps without an engine: installed apart, run as nobody on a root that cannot be written."""

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from e2e.stack import free_port

ROOT = Path(__file__).parents[2]
NOBODY = "10001"
RUN = """
set -e
mount --make-rprivate /
mount --bind "$DATA" /mnt
mount -t tmpfs -o size=256m,mode=1777 tmpfs /dev/shm
case "$PYTHON" in /root/*)  # a Python that nobody may reach: the rest of /root goes out of sight
    mount --bind "$PYTHON" /media
    mount -t tmpfs -o mode=755 tmpfs /root
    mkdir -p "$PYTHON"
    mount --bind /media "$PYTHON";;
esac
mount -o remount,ro,bind /
mount -o remount,rw,bind /mnt
export PATH="$ENVIRONMENT/bin:/usr/bin:/bin" HOME=/dev/shm TMPDIR=/dev/shm PYTHONDONTWRITEBYTECODE=1
cd /mnt
exec setpriv --reuid "$NOBODY" --regid "$NOBODY" --clear-groups --no-new-privs --bounding-set=-all sh -c '
    if touch "$ENVIRONMENT/x" /etc/x 2>/dev/null; then echo "the root can be written"; exit 9; fi
    timeout --preserve-status -s INT 90 python -m candlewick up --demo --no-browser --port "$PORT"
'
"""


@pytest.mark.slow
@pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("setpriv"), reason="wants root and setpriv, to become nobody")
def test_nobody_runs_the_demo_from_a_wheel_and_writes_into_its_volume_only(tmp_path):
    """Minutes, since the demo runs for 90 s; the packages are this environment's own, so that nothing is fetched."""
    data, environment = tmp_path / "data", tmp_path / "venv"
    data.mkdir()
    os.chown(data, int(NOBODY), int(NOBODY))
    subprocess.run([sys.executable, "-m", "venv", environment], check=True)
    wheel = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", tmp_path / "dist", ROOT]
    subprocess.run(wheel, check=True)
    packages = sysconfig.get_path("purelib")
    site = environment / f"lib/python{sys.version_info.major}.{sys.version_info.minor}/site-packages"
    shutil.copytree(packages, site, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__", "*candlewick*"))
    install = [environment / "bin/python", "-m", "pip", "install", "-q", "--no-deps", *tmp_path.glob("dist/*.whl")]
    subprocess.run(install, check=True)
    subprocess.run(["chmod", "-R", "a+rX", environment], check=True)
    for folder in [tmp_path, *tmp_path.parents]:
        if folder != Path("/tmp") and folder.is_relative_to("/tmp"):
            folder.chmod(folder.stat().st_mode | 0o011)
    given = {"PYTHON": sys.base_prefix, "DATA": data, "ENVIRONMENT": environment, "NOBODY": NOBODY, "PORT": free_port()}
    env = os.environ | {name: str(value) for name, value in given.items()}
    command = ["unshare", "-m", "sh", "-c", RUN]
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=240, check=False)
    assert "History of 6 h is complete." in done.stdout, done.stdout + done.stderr
    assert "Stopped. Nothing recorded is lost" in done.stdout
    assert {path.name for path in data.iterdir()} == {"candlewick-demo"}
    owners = {path.stat().st_uid for path in data.rglob("*")}
    assert owners == {int(NOBODY)}
