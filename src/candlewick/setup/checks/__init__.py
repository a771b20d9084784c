"""`candlewick doctor`: what an installation rests on, tried one by one, with the next step where it is not so."""

from collections.abc import Iterator
from contextlib import ExitStack

from candlewick.config import Settings
from candlewick.setup.checks import bucket, data, exchange, machine
from candlewick.setup.checks.answers import Answer, asked

__all__ = ["Answer", "run"]


def run(settings: Settings) -> Iterator[Answer]:
    """Try everything; what fails is an answer as well. Nothing is left changed.

    It asks the exchange for about 150 of the weight that a minute allows, and opens each stream once.
    """
    yield from asked([*machine.checks(settings), *data.checks(settings), *bucket.checks(settings)])
    if "snowflake" in (settings.warehouse, settings.publish):
        from candlewick.setup.checks import account  # noqa: PLC0415 - comes with an extra

        with ExitStack() as parts:
            yield from asked(account.checks(settings, parts))
    yield from exchange.ask(settings)
