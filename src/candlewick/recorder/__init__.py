"""The recorder: from the exchange's streams and REST to objects in the lake.

legs ─► tape (sequencer) ─┬─► batcher ─► writer ─► lake, checkpoint
                          └─► ring ─► feed
REST ─┬► backfillers (trades that are missing) ─┬► writer
      └► klines (candles that are missing) ─────┘
"""

import asyncio
import signal

import stamina.instrumentation
import structlog

from candlewick.config import Settings
from candlewick.lake.lease import Lease, leased
from candlewick.lake.objects import Lake
from candlewick.recorder.session import Session
from candlewick.tape.checkpoint import Checkpoint, check_lake, lock, open_checkpoint

log = structlog.get_logger()


def run(settings: Settings) -> None:
    """Record until SIGINT or SIGTERM, then flush and return. Raises `CandlewickError` for what a user can act on."""
    stamina.instrumentation.set_on_retry_hooks([])  # what fails for good is logged where it is handled, once
    with lock(settings.state_path):
        lake = Lake.open(settings.lake_url, settings.prefix, settings.s3)
        check_lake(settings.state_path, lake, settings.recorder)
        lake.check_writable(settings.recorder)
        with leased(lake, settings.recorder, settings.state_path.parent) as lease:
            checkpoint = open_checkpoint(settings.state_path, lake, settings.recorder)
            log.info("checkpoint", seq=checkpoint.seq, newest_object=checkpoint.prev, lake=lake.url)
            asyncio.run(_until_signalled(settings, lake, checkpoint, lease))


async def _until_signalled(settings: Settings, lake: Lake, checkpoint: Checkpoint, lease: Lease) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await Session(settings, lake, checkpoint, lease).run(stop)
