"""What a cycle does at once, and what it leaves for later."""

from itertools import count

from candlewick.warehouse.duckdb.pipeline import Pipeline
from warehouse.lakes import START, trade_line

STEPS_OF_A_SECOND = 5


def test_where_a_cycle_takes_seconds_the_slower_work_keeps_its_pace(settings, writer):
    """Each look at the clock takes a fifth of a second: a cycle takes more than a second, and the audit is not due."""
    clock = (n / STEPS_OF_A_SECOND for n in count())
    with Pipeline.open(settings) as pipeline:
        pipeline.clock = lambda: next(clock)
        pipeline.finish()
        writer.stream([trade_line("BTCUSDT", 1, START)])
        pipeline.cycle()
        assert pipeline.audit.is_owed
