"""fakesnow asks each of its 86 rewritings of every node of a statement; this asks only those that can have an answer.

Each rewriting says in its source by `isinstance(expression, exp.…)` which kinds of node it is about. One of whose kinds
a statement has none is left out: the result is the same (`tests/snowflake/test_cycle.py`), in half the time.
"""

import inspect
import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from fakesnow import transforms
from fakesnow.cursor import FakeSnowflakeCursor
from sqlglot import exp

whole = FakeSnowflakeCursor._transform
"""As fakesnow does it."""


def quick(cursor: FakeSnowflakeCursor, expression: exp.Expression, params: Any) -> exp.Expression:
    """`whole`, without what cannot change the statement."""
    statement = _Statement(expression)
    whole(cursor, statement, params)  # type: ignore[arg-type]
    return statement.tree


class _Statement:
    """Takes the place of an expression in fakesnow's chain of rewritings."""

    def __init__(self, tree: exp.Expression) -> None:
        self.tree = tree
        self._kinds = {type(node) for node in tree.walk()}

    def transform(self, rewriting: Callable[..., Any], *arguments: Any, **options: Any) -> "_Statement":
        about = _kinds_of(rewriting.__code__)
        if not about or any(issubclass(kind, about) for kind in self._kinds):
            self.tree = self.tree.transform(rewriting, *arguments, **options)
            self._kinds = {type(node) for node in self.tree.walk()}
        return self


@lru_cache(maxsize=256)
def _kinds_of(code: Any) -> tuple[type, ...]:
    """The kinds of node that a rewriting is about, also where a lambda passes it on; none where it does not say so."""
    named = [getattr(transforms, name, None) for name in code.co_names if code.co_name == "<lambda>"]
    [source] = [inspect.getsource(each) for each in named if inspect.isfunction(each)] or [inspect.getsource(code)]
    asked = re.findall(r"isinstance\(\s*expression,\s*(\([^)]*\)|[\w.]+)", source)
    names = re.findall(r"exp\.(\w+)", " ".join(asked))
    return tuple(getattr(exp, name) for name in names)
