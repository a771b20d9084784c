"""What a check answers, and how answers are shown."""

from collections.abc import Callable, Iterable, Iterator
from typing import Literal, NamedTuple

import msgspec
from rich.console import RenderableType
from rich.markup import escape
from rich.table import Table

from candlewick.errors import CandlewickError
from candlewick.version import __version__

State = Literal["ok", "wrong", "unknown"]
WIDTH = 30
"""Of what was asked, so that answers that are told one by one stand in line."""
MARKS = {"ok": "[green]●[/]", "wrong": "[red]●[/]", "unknown": "[yellow]○[/]"}


class Answer(NamedTuple):
    """What a check found, and what to do next where that is not as it should be. `unknown`: it could not be asked."""

    what: str
    state: State
    text: str
    next_step: str = ""


Found = tuple[State, str] | tuple[State, str, str]
Check = tuple[str, Callable[[], Found]]


def asked(checks: Iterable[Check]) -> Iterator[Answer]:
    """Make each check; one that ends in an error of ours has found something wrong."""
    for what, check in checks:
        try:
            yield Answer(what, *check())
        except CandlewickError as error:
            yield Answer(what, "wrong", str(error))


def is_well(answers: Iterable[Answer]) -> bool:
    """Whether nothing is wrong."""
    return all(answer.state != "wrong" for answer in answers)


def render(answers: Iterable[Answer]) -> RenderableType:
    """The answers as a table, each next step below its own."""
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column()
    table.add_column(min_width=WIDTH)
    table.add_column(overflow="fold")
    for answer in answers:
        text = escape(answer.text) + (f"\n[bold]→ {escape(answer.next_step)}[/]" if answer.next_step else "")
        table.add_row(MARKS[answer.state], escape(answer.what), text)
    return table


def to_json(answers: Iterable[Answer]) -> str:
    """The answers for programs, and for whoever is asked for help."""
    answers = list(answers)
    told = {
        "candlewick": __version__,
        "is_well": is_well(answers),
        "answers": [answer._asdict() for answer in answers],
    }
    return msgspec.json.encode(told).decode()
