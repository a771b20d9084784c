"""An owner in a process of its own, to be killed."""

from multiprocessing.connection import Connection

from candlewick.config import Settings
from candlewick.warehouse.duckdb.pipeline import Pipeline


def own(settings: Settings, started: Connection) -> None:
    """Run cycle after cycle; say when the first one begins."""
    with Pipeline.open(settings) as pipeline:
        started.send(True)
        while True:
            pipeline.cycle()
