"""Makes the bill of materials (CycloneDX) of what Candlewick runs with and carries, from the locks alone.

The build hook puts it into the wheel (PEP 770); `make bom` writes it to dist/candlewick.cdx.json.

python scripts/bom.py dist/candlewick.cdx.json
"""

import argparse
import base64
import json
import re
import runpy
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_OID, uuid5

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import HashAlgorithm, HashType
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentScope, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL

ROOT = Path(__file__).parent.parent
PYTHON_LOCK = ROOT / "requirements.lock"
NPM_LOCK = ROOT / "src/candlewick/dashboard/frontend/package-lock.json"
PINNED = re.compile(
    r"^(?P<name>[a-z0-9._-]+)==(?P<version>[^ ]+)(?P<marker> ;[^\\]*)?(?P<hashes>(?: \\\n +--hash=\S+)+)", re.M
)


def main() -> None:
    """Write it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("out", type=Path, help="the file to write")
    out: Path = parser.parse_args().out
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(written(), encoding="utf-8")
    print(f"{out}: {len(json.loads(out.read_text())['components'])} components")


def written() -> str:
    """Return the bill as JSON."""
    locks = PYTHON_LOCK.read_text() + NPM_LOCK.read_text()
    bom = Bom(serial_number=uuid5(NAMESPACE_OID, locks))  # the same locks make the same bytes
    bom.metadata.timestamp = None  # type: ignore[assignment]  # the standard asks for none
    version = runpy.run_path(str(ROOT / "src/candlewick/version.py"))["__version__"]
    bom.metadata.component = itself = Component(
        name="candlewick",
        version=version,
        type=ComponentType.APPLICATION,
        bom_ref=f"candlewick@{version}",
        purl=PackageURL("pypi", None, "candlewick", version),
        licenses=[LicenseFactory().make_from_string("Apache-2.0")],
    )
    components = [*_of_python(PYTHON_LOCK.read_text()), *_of_npm(json.loads(NPM_LOCK.read_text()))]
    bom.components.update(components)
    bom.register_dependency(itself, components)
    return str(JsonV1Dot6(bom).output_as_string(indent=1))


def _of_python(lock: str) -> Iterator[Component]:
    """What pip installs; the hashes are of each of a version's files. What a marker rules is there on some machines."""
    for found in PINNED.finditer(lock):
        digests = re.findall(r"--hash=sha256:([0-9a-f]{64})", found["hashes"])
        yield _component(
            PackageURL("pypi", None, found["name"], found["version"]),
            [HashType(alg=HashAlgorithm.SHA_256, content=digest) for digest in digests],
            "",
            ComponentScope.OPTIONAL if found["marker"] else ComponentScope.REQUIRED,
        )


def _of_npm(lock: dict[str, Any]) -> Iterator[Component]:
    """What is bundled into the chart, and what bundles it (`excluded`: none of it is in the wheel)."""
    bundled = _reached(lock["packages"], "lightweight-charts")
    for path, package in lock["packages"].items():
        if not path or package.get("dev"):
            continue
        name = path.removeprefix("node_modules/")
        scope, _, bare = name.rpartition("/")
        algorithm, _, digest = package["integrity"].partition("-")
        assert algorithm == "sha512", package
        yield _component(
            PackageURL("npm", scope or None, bare, package["version"]),
            [HashType(alg=HashAlgorithm.SHA_512, content=base64.b64decode(digest).hex())],
            package.get("license", ""),
            ComponentScope.REQUIRED if name in bundled else ComponentScope.EXCLUDED,
        )


def _reached(packages: dict[str, Any], name: str) -> set[str]:
    """A package, and all that it needs."""
    needs = packages[f"node_modules/{name}"].get("dependencies", {})
    return {name}.union(*(_reached(packages, needed) for needed in needs))


def _component(purl: PackageURL, hashes: list[HashType], licence: str, scope: ComponentScope) -> Component:
    licenses = [LicenseFactory().make_from_string(licence)] if licence else []
    return Component(
        name=purl.name, group=purl.namespace, version=purl.version, purl=purl, bom_ref=purl.to_string(),
        type=ComponentType.LIBRARY, hashes=hashes, licenses=licenses, scope=scope,
    )  # fmt: skip


if __name__ == "__main__":
    main()
