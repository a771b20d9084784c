"""The JSON Schemas of docs/schemas: what commands print for programs."""

import json
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

SCHEMAS = Path(__file__).parents[2] / "docs/schemas"


def validated(name: str, text: str) -> Any:
    """Read what a command printed; fail where it is not what its schema says."""
    told = json.loads(text)
    schema = json.loads((SCHEMAS / f"{name}.json").read_text())
    Draft202012Validator.check_schema(schema)
    Draft202012Validator(schema).validate(told)
    return told
