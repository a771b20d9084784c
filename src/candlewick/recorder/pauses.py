"""How long the exchange does not want to be asked, kept over a restart: who goes on asking is banned for longer."""

import time

import structlog

from candlewick.binance.budget import WeightBudget
from candlewick.binance.rest import Rest
from candlewick.moments import now_us
from candlewick.tape.checkpoint import Checkpoint, Pause
from candlewick.tape.writer import Writer

_WORTH_KEEPING = 5.0
"""Seconds: a shorter pause is over before a process is up again."""

log = structlog.get_logger()


def resume(checkpoint: Checkpoint, budget: WeightBudget) -> None:
    """Wait for what is left of an earlier run's pause, and no longer than it was: our clock may have been put back."""
    if checkpoint.pause is None:
        return
    left = min((checkpoint.pause.until - now_us()) / 1e6, checkpoint.pause.seconds)
    if left > 0:
        log.warning("the exchange asked us to wait, before this start", wait_seconds=round(left))
        budget.pause(left, time.monotonic())


async def remember(rest: Rest, checkpoint: Checkpoint, writer: Writer) -> None:
    """Save each pause in the checkpoint, until cancelled."""
    while True:
        await rest.limited.wait()
        rest.limited.clear()
        seconds = rest.budget.paused_for(time.monotonic())
        if seconds >= _WORTH_KEEPING:
            checkpoint.pause = Pause(now_us() + round(seconds * 1e6), seconds)
            await writer.save()
