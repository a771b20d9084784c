"""The source distribution, and the wheel made of it, as `python -m build` does: without Node and without dbt."""

import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from email.parser import BytesParser
from pathlib import Path

import pytest
from packaging.metadata import Metadata

from candlewick.version import __version__
from candlewick.warehouse import compiling

ROOT = Path(__file__).parents[2]


def build(kind: str, sources: Path, out: Path, **environment: str) -> Path:
    """Call the build's backend as a front end does, in the sources' folder."""
    script = f"import sys; from hatchling.build import build_{kind}; print(build_{kind}(sys.argv[1]))"
    out.mkdir()
    command = [sys.executable, "-c", script, str(out)]
    done = subprocess.run(
        command, cwd=sources, env=os.environ | environment, capture_output=True, text=True, timeout=240, check=False
    )
    assert done.returncode == 0, done.stderr
    return out / done.stdout.strip().rpartition("\n")[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> zipfile.ZipFile:
    folder = tmp_path_factory.mktemp("build")
    archive = build("sdist", ROOT, folder / "sdist")
    assert archive.stat().st_size < 3_000_000
    with tarfile.open(archive) as opened:
        opened.extractall(folder, filter="data")
    no_tools = folder / "bin"
    no_tools.mkdir()
    return zipfile.ZipFile(build("wheel", folder / f"candlewick-{__version__}", folder / "wheel", PATH=str(no_tools)))


def test_the_wheel_has_the_chart_the_compiled_models_and_every_module(wheel):
    names = {*wheel.namelist()}
    modules = subprocess.run(
        ["git", "ls-files", "src/candlewick"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    wanted = {name.removeprefix("src/") for name in modules.stdout.split() if "/frontend/" not in name}
    assert wanted <= names
    assert [name for name in names if name.startswith("candlewick/dashboard/assets/chart-")]
    for kind in compiling.KINDS:
        shipped = wheel.read(f"candlewick/models/compiled/{kind}.json").partition(b"\n")[0].decode()
        assert shipped == compiling.digest()
    assert not [name for name in names if "node_modules" in name or name.endswith(".ts")]


def test_the_image_copies_all_that_a_build_needs(tmp_path):
    """The wheel is made of what the Containerfile copies, and of nothing else."""
    lines = (ROOT / "deploy/container/Containerfile").read_text().splitlines()
    copied = [line.split()[1:] for line in lines if line.startswith("COPY ") and "--from" not in line]
    seen = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    assert {source for *sources, _ in copied for source in sources} == seen, "what an engine is given to copy"
    for *sources, target in copied:
        for source in sources:
            if (ROOT / source).is_dir():
                hidden = shutil.ignore_patterns("node_modules", "__pycache__")
                shutil.copytree(ROOT / source, tmp_path / target, ignore=hidden)
            else:
                (tmp_path / target).mkdir(parents=True, exist_ok=True)
                shutil.copy(ROOT / source, tmp_path / target)
    assert build("wheel", tmp_path, tmp_path / "dist").stat().st_size > 500_000


def test_its_metadata_is_what_the_standard_says_and_names_its_licences(wheel):
    info = f"candlewick-{__version__}.dist-info"
    metadata = Metadata.from_email(wheel.read(f"{info}/METADATA"), validate=True)
    assert metadata.license_expression == "Apache-2.0"
    extras = {"aws", "dbt", "dbt-snowflake", "dev", "login", "proof", "snowflake"}
    assert {*(metadata.provides_extra or [])} == extras
    assert [file for file in metadata.license_files or [] if f"{info}/licenses/{file}" not in wheel.namelist()] == []
    notices = wheel.read(f"{info}/licenses/src/candlewick/dashboard/frontend/THIRD_PARTY_NOTICES.txt")
    assert notices == wheel.read("candlewick/dashboard/assets/THIRD_PARTY_NOTICES.txt"), (
        "copy what the bundle was made with"
    )
    text = BytesParser().parsebytes(wheel.read(f"{info}/METADATA"))
    assert text["Description-Content-Type"] == "text/markdown" and str(text.get_payload()).startswith("# Candlewick")
