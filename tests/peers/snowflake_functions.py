"""Snowflake's system functions, answered for fakesnow, which has none: literals are put in their place.

`SYSTEM$PIPE_STATUS` answers as its documents say, from what the peer's pipe has loaded and has not.
`SYSTEM$LAST_CHANGE_COMMIT_TIME` grows with every change of a table; of a view, with every change of any table.
"""

import json
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

_CHANGE = re.compile(
    r"\s*(?:/\*.*?\*/\s*)*(?:insert(?:\s+overwrite)?\s+into|delete\s+from|update|merge\s+into|truncate(?:\s+table)?)"
    r"\s+([\w.\"$]+)",
    re.IGNORECASE | re.DOTALL,
)
_PIPE_STATUS = re.compile(r"SYSTEM\$PIPE_STATUS\('([^']+)'\)", re.IGNORECASE)
_LAST_CHANGE = re.compile(r"SYSTEM\$LAST_CHANGE_COMMIT_TIME\('([^']+)'\)", re.IGNORECASE)


def needs_warehouse(statement: str) -> bool:
    """Whether Snowflake would resume a warehouse for a statement: not for SHOW, DESC, USE and functions of its own."""
    return bool(re.search(r"\b(from|into|update|table)\b", statement, re.IGNORECASE)) and not re.match(
        r"\s*(show|desc|use|alter|grant|create)\b", statement, re.IGNORECASE
    )


@dataclass
class Functions:
    """`pipe_status` returns the status of a pipe, or None where there is no such pipe."""

    pipe_status: Callable[[str], dict[str, Any] | None]
    changes: Counter[str] = field(default_factory=Counter)

    def note(self, statement: str) -> None:
        """Take note of a statement that changes a table."""
        if match := _CHANGE.match(statement):
            self.changed(match[1])

    def changed(self, table: str) -> None:
        """Take note of a change of a table."""
        self.changes[_plain(table)] += 1

    def answered(self, statement: str) -> str:
        """Return the statement with the functions' values in it."""
        statement = _PIPE_STATUS.sub(lambda match: self._status(match[1]), statement)
        return _LAST_CHANGE.sub(lambda match: str(self._token(match[1])), statement)

    def _status(self, name: str) -> str:
        status = self.pipe_status(name)
        # A pipe that is not there, or may not be seen, is a compilation error; so is this column.
        return f"'{json.dumps(status)}'" if status is not None else f'"Pipe {name} does not exist or not authorized"'

    def _token(self, name: str) -> int:
        plain = _plain(name)
        known = self.changes[plain] if plain in self.changes or plain.startswith("RAW.") else self.changes.total()
        return 1_700_000_000_000_000_000 + known


def _plain(name: str) -> str:
    """A table's schema and name in upper case, whatever database and quotes it was given with."""
    return ".".join(name.replace('"', "").upper().split(".")[-2:])
