"""One run: a plan is played on virtual time, then everything heals, and the lake must be the truth."""

import asyncio
import random
import tempfile
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import msgspec

from candlewick.fake_binance.faults import Plan as NoFaults
from candlewick.fake_binance.faults import RandomFaults
from candlewick.fake_binance.server.options import ExchangeOptions
from candlewick.lake.objects import Lake
from candlewick.spans import Spans
from simulation import verdict
from simulation.clock import CLOCK
from simulation.loop import VirtualLoop
from simulation.machine import LATENCY, Machine
from simulation.plan import Act, Plan, draw
from simulation.world import PREFIX, StoreLake, World, microseconds

STARTS_AT = "2026-01-24T09:00"
BEGINS_WITHIN = 600.0
"""Virtual seconds; the first start needs an exchange that is well."""
MOST_SECONDS_TO_A_PUT = 60.0
SLOWER = 400
"""A slow lake takes so many times as long, until the recorder is on another machine."""
HEALS_WITHIN = 7_200.0
"""Virtual seconds until all is there after the last fault: declared ids are asked about after 10 minutes, 20, 40."""
SETTLE_SECONDS = 130.0
"""Over at the end: what the exchange has of the last minutes is late."""
LAST_SECONDS = 15.0
"""Until the recorder is stopped: what it knows last is in a manifest by then."""


@dataclass(frozen=True)
class Outcome:
    """What a run was: virtual seconds, faults by kind, starts of a recorder, trades compared, a digest of the lake."""

    seconds: float
    faults: Counter[str]
    starts: int
    trades: int
    digest: str


def play(seed: int, hours: float, keep: Path | None = None) -> Outcome:
    """Play the run of a seed. Raises what is wrong with it: an `AssertionError`, or what ended the recorder.

    Where `keep` names a folder, the lake is left there, and the exchange's own events beside it in `truth.jsonl`.
    """
    random.seed(seed)
    plan = draw(seed, hours)
    CLOCK.start(microseconds(STARTS_AT))
    rng = random.Random(f"latency {seed}")
    loop = VirtualLoop(lambda: rng.expovariate(1 / plan.latency))
    asyncio.set_event_loop(loop)
    try:
        with tempfile.TemporaryDirectory(dir=_memory()) as home:
            outcome = loop.run_until_complete(_play(plan, Path(home), keep))
        if loop.faults:
            raise loop.faults[0]
    finally:
        loop.finish()
        asyncio.set_event_loop(None)
    return outcome


def _memory() -> str | None:
    """Return a folder in memory, where there is one: `state.json` is fsynced."""
    return "/dev/shm" if Path("/dev/shm").is_dir() else None


async def _play(plan: Plan, home: Path, keep: Path | None) -> Outcome:
    options = ExchangeOptions(
        port=0,
        seed=plan.seed,
        symbols=plan.symbols,
        history=timedelta(minutes=plan.history_minutes + 60),
        weight_limit=6_000,
    )
    rng = random.Random(f"machines {plan.seed}")
    world = World(home, options, rng, history=timedelta(minutes=plan.history_minutes))
    await world.open()
    world.start()
    await world.until(lambda: world.session.state == "recording", "a first connection", BEGINS_WITHIN)
    done = await _disturb(world, plan)
    await _heal(world)
    outcome = _judge(world, done, keep)
    await world.close()
    return outcome


async def _disturb(world: World, plan: Plan) -> Counter[str]:
    """Let the exchange's faults and the plan's acts happen for as long as the plan says."""
    ends = CLOCK.now + plan.hours * 3_600
    world.script.follow(RandomFaults(plan.seed, plan.kinds, plan.every))
    done: Counter[str] = Counter()
    for act in plan.acts:
        await world.sleep(min(act.after, max(0.0, ends - CLOCK.now)))
        await (_restart(world, act) if act.is_restart else _trouble(world, act))
        done[act.deed] += 1
        done["state lost"] += act.loses and act.is_restart
        done["clock off"] += bool(act.ahead) and act.is_restart
    await world.sleep(max(0.0, ends - CLOCK.now))
    world.store.trouble, world.machine.latency = None, LATENCY
    return +(done + world.script.journal.counts)


async def _restart(world: World, act: Act) -> None:
    await _end(world, act.deed)
    if act.loses:
        world.lose_state()
    await asyncio.sleep(act.seconds)
    world.start(ahead=act.ahead)


async def _trouble(world: World, act: Act) -> None:
    """Let the lake be in trouble from now on, while other things happen."""
    if act.deed == "lake slow":
        world.machine.latency = LATENCY * SLOWER
    else:
        world.store.trouble = act.deed.removeprefix("lake ")
        asyncio.get_running_loop().call_later(act.seconds, setattr, world.store, "trouble", None)


async def _end(world: World, deed: str) -> None:
    if deed == "stop":
        await world.stop()
        return
    if deed != "kill":
        world.store.dying = deed.removeprefix("kill ")
        await world.until_dead(MOST_SECONDS_TO_A_PUT)
    await world.kill()


async def _heal(world: World) -> None:
    """End all faults; wait until all that was traded is there; stop as a signal does."""
    world.script.follow(NoFaults())
    world.script.heal()
    await world.sleep(SETTLE_SECONDS)
    heads = world.heads()
    await world.until(lambda: world.has_all(heads), f"all up to {heads}", HEALS_WITHIN)
    await world.sleep(LAST_SECONDS)
    await world.stop()


def _judge(world: World, done: Counter[str], keep: Path | None) -> Outcome:
    """Compare the lake with the truth. Raises `AssertionError`."""
    lake = StoreLake(world.store, Machine(random.Random(0)))
    holdings = verdict.read(lake)
    assert set(holdings.of) == set(world.symbols), f"expected {world.symbols}, got {set(holdings.of)}"
    for symbol, found in holdings.of.items():
        ids = found.ids
        truth = verdict.events(world.exchange.market.trades(symbol, ids.first, ids.last))
        wanted = world.exchange.market.id_at(symbol, holdings.newest.history[symbol].target)
        assert ids.first <= wanted, f"{symbol}: the tape begins with {ids.first}, and was to reach back to {wanted}"
        holes = Spans(world.script.holes.ranges(symbol))
        verdict.check(symbol, found, holdings.newest, truth, holes, _disputed(world, symbol))
        verdict.check_candles(symbol, found, truth, truth[-1]["T"] - round(SETTLE_SECONDS * 1e6))
        if keep is not None:
            _keep_truth(keep, truth)
    if keep is not None:
        _keep_lake(keep, lake)
    return Outcome(CLOCK.now, done, world.starts, holdings.trades, holdings.digest)


def _keep_truth(folder: Path, truth: list[verdict.Line]) -> None:
    with (folder / "truth.jsonl").open("ab") as file:
        file.writelines(msgspec.json.encode(event) + b"\n" for event in truth)


def _keep_lake(folder: Path, lake: Lake) -> None:
    copy = Lake.open(str(folder / "lake"), PREFIX)
    for item in lake.list_all():
        copy.put_absent(item.name, lake.get(item.name))


def _disputed(world: World, symbol: str) -> set[int]:
    """Return the ids that the exchange sent in two versions."""
    notes = [note for entry in world.script.journal if entry.fault.kind.startswith("conflict") for note in entry.notes]
    return {int(note.rpartition(" ")[2]) for note in notes if symbol in note}


__all__ = ["PREFIX", "Outcome", "play"]
