"""How fast a trade goes through the recorder's hot path, beside the plain way: frames of a recording, or made ones.

The plain way decodes a frame with `json.loads` and writes the event again with `json.dumps`. The recorder slices the
event out of the frame, decodes what sequencing needs, and keeps the bytes. Each way is timed in one process, in turns,
and the best of the rounds counts.

    python benchmarks/decode.py [--recording FOLDER]
"""

import argparse
import gzip
import json
import platform
import sys
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from candlewick import trade as trades
from candlewick.lake.batch import Batcher, Limits
from candlewick.recorder.live import LiveTape
from candlewick.recorder.ring import Ring
from candlewick.tape.coverage import Coverage
from candlewick.trade import Trade

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from made import capture

ROUNDS = 7
RECEIVED_AT = 1_723_161_254_087_896


def main() -> None:
    """Read the frames, time the ways, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--recording", type=Path, help="folder of frames_*.gz; without it, made from a seed")
    with capture.named_or_made(parser.parse_args().recording) as recording:
        frames = trade_frames(recording)
    rates = best_rates(frames)
    print(f"{len(frames):,} trade frames, {sum(map(len, frames)) / len(frames):.0f} bytes each; ", end="")
    print(f"Python {platform.python_version()}, msgspec {msgspec.__version__}, one core\n")
    print(f"{'':38}{'trades/s':>12}{'ratio':>8}")
    for name, (_, plain_way) in WAYS.items():
        print(f"{name:38}{rates[name]:12,.0f}{rates[name] / rates[plain_way]:8.2f}")
    print("\nThe whole path is: slice, decode, sequence, splice, batch, coverage and the feed's ring.")


def trade_frames(folder: Path) -> list[bytes]:
    """The trade frames of a recording, as they came."""
    files = sorted(folder.glob("frames_*.gz"))
    rows = (row for file in files for row in gzip.decompress(file.read_bytes()).splitlines())
    return [row.split(b" ", 1)[1] for row in rows if b"@trade" in row[:60]]


def best_rates(frames: list[bytes]) -> dict[str, float]:
    """Time every way in turns; return the best rate of each, in trades per second."""
    best = dict.fromkeys(WAYS, 0.0)
    for _ in range(ROUNDS):
        for name, (way, _plain_way) in WAYS.items():
            started = time.perf_counter()
            way(frames)
            best[name] = max(best[name], len(frames) / (time.perf_counter() - started))
    return best


def decode_plainly(frames: list[bytes]) -> None:
    for frame in frames:
        json.loads(frame)["data"]["t"]


def decode(frames: list[bytes]) -> None:
    for frame in frames:
        trades.decode_event(frame)


def rewrite_plainly(frames: list[bytes]) -> None:
    for frame in frames:
        event = json.loads(frame)["data"]
        event["src"], event["recv"] = "ws", RECEIVED_AT
        json.dumps(event).encode()


def splice(frames: list[bytes]) -> None:
    for frame in frames:
        event, _ = trades.decode_event(frame)
        trades.raw_line(event, "ws", RECEIVED_AT)


def record_one_leg(frames: list[bytes]) -> None:
    record(frames, legs=1)


def record_two_legs(frames: list[bytes]) -> None:
    record(frames, legs=2)


def record(frames: list[bytes], *, legs: int) -> None:
    """What the recorder does with every frame of every leg, but for socket and disk."""
    tape = LiveTape("BTCUSDT", Coverage(), Batcher(Limits()), Ring().push)
    for frame in frames:
        for _ in range(legs):
            event, decoded = trades.decode_event(frame)
            assert isinstance(decoded, Trade)
            tape.on_trade(event, decoded, RECEIVED_AT, 0.0)


WAYS: dict[str, tuple[Callable[[list[bytes]], None], str]] = {
    "json.loads": (decode_plainly, "json.loads"),
    "slice and decode": (decode, "json.loads"),
    "json.loads, then json.dumps": (rewrite_plainly, "json.loads, then json.dumps"),
    "slice, decode, splice (a raw line)": (splice, "json.loads, then json.dumps"),
    "one leg, whole path": (record_one_leg, "json.loads, then json.dumps"),
    "two legs, whole path": (record_two_legs, "json.loads, then json.dumps"),
}
"""A way's name, what it does, and the plain way that it is a ratio of."""

if __name__ == "__main__":
    main()
