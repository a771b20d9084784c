"""Stories of a recorder and the faults that it meets: each ends with a tape that is the truth."""

from collections.abc import Awaitable, Callable

from candlewick.fake_binance.faults import KINDS, Fault, Plan, RandomFaults
from integration.taped import Tape, Taping

Story = Callable[[Taping], Awaitable[None]]
STORIES: dict[str, tuple[Story, Plan | RandomFaults | None]] = {}
TOLD: dict[str, list[str]] = {}
"""Of each fault kind, the stories about it."""


def story(*kinds, schedule=None):
    """Note a story about some kinds of faults."""

    def note(tell):
        STORIES[tell.__name__] = (tell, schedule)
        for kind in kinds:
            TOLD.setdefault(kind, []).append(tell.__name__)
        return tell

    return note


def stories_of(kinds, make, what):
    """Note one story for each of some kinds: `make(kind, amounts)` tells it."""
    for kind, amounts in kinds.items():
        tell = make(kind, amounts)
        tell.__name__ = f"{kind}_{what}"
        story(kind)(tell)


async def end(taping: Taping, entries) -> Tape:
    """Let the faults pass; then the tape must be the truth, and each fault must have hit something."""
    tape = await taping.complete()
    taping.check(tape)
    assert all(entry.hits for entry in entries), f"a fault did not hit anything\n{taping.script.journal}"
    return tape


def connections(taping):
    return [leg["connections"] for leg in taping.legs]


# Streams: the same fault on both legs at once.

BOTH_LEGS = {
    "close": {},
    "drop": {},
    "half_frame": {},
    "life": {"seconds": 4.0, "value": 1.0},
    "trickle": {"seconds": 2.0, "value": 5.0},
    "reorder": {"seconds": 2.0, "value": 0.3},
    "cut_json": {"count": 10},
    "wrong_types": {"count": 10},
    "unknown_event": {"count": 10},
    "hole": {"count": 20},
}


def on_both_legs(kind, amounts):
    async def tell(taping):
        await end(taping, taping.inject(Fault(kind, **amounts)))

    return tell


def on_one_leg(kind, amounts):
    async def tell(taping):
        entries = taping.inject(Fault(kind, leg=1, **amounts))
        await end(taping, entries)
        assert taping.of["holes_seen"] == 0, "the other leg had it all"

    return tell


stories_of(BOTH_LEGS, on_both_legs, "on_both_legs")
stories_of(
    {"drop": {}, "half_frame": {}, "reorder": {"seconds": 2.0}, "cut_json": {"count": 10}, "skip": {"count": 25}},
    on_one_leg,
    "on_one_leg",
)


@story("shutdown")
async def both_legs_are_replaced_before_an_announced_end(taping):
    await end(taping, taping.inject(Fault("shutdown", value=2.0)))
    assert connections(taping) == [2, 2]
    assert taping.of["holes_seen"] == 0


@story("shutdown")
async def an_end_that_is_announced_as_it_comes_costs_nothing(taping):
    await end(taping, taping.inject(Fault("shutdown", value=0.0)))


@story("silence", "mute")
async def legs_that_fall_silent_are_noticed_over_rest_and_replaced(taping):
    for kind in ("silence", "mute"):
        before = connections(taping)
        entries = taping.inject(Fault(kind, seconds=60.0))
        await taping.until(lambda before=before: min(map(int.__sub__, connections(taping), before)) >= 1, "new legs")
        taping.script.heal()
    await end(taping, entries)


@story("silence")
async def one_leg_that_falls_silent_is_replaced(taping):
    entries = taping.inject(Fault("silence", leg=1, seconds=60.0))
    await taping.until(lambda: sum(connections(taping)) == 3, "a new leg")
    taping.script.heal()
    await end(taping, entries)
    assert taping.of["holes_seen"] == 0


@story("no_pings")
async def a_leg_that_delivers_needs_no_pings(taping):
    taping.inject(Fault("no_pings", seconds=3.0))
    await end(taping, [])
    assert connections(taping) == [1, 1]


@story("deaf")
async def connections_that_deliver_nothing_from_the_start_are_replaced(taping):
    deaf, drop = taping.inject(Fault("deaf", seconds=1.5), Fault("drop"))
    await end(taping, [deaf, drop])


@story("lag")
async def legs_that_fall_behind_are_replaced(taping):
    entries = taping.inject(Fault("lag", seconds=60.0, value=3.5))
    await taping.until(lambda: min(connections(taping)) >= 2, "new legs")
    taping.script.heal()
    await end(taping, entries)


@story("trickle")
async def one_leg_that_falls_behind_is_replaced(taping):
    entries = taping.inject(Fault("trickle", leg=1, seconds=60.0, value=5.0))
    await taping.until(lambda: sum(connections(taping)) >= 3, "a new leg", seconds=8.0)
    taping.script.heal()
    await end(taping, entries)


@story("reorder", "late_answer")
async def what_a_leg_brings_while_rest_answers_is_there_once(taping):
    entries = taping.inject(Fault("reorder", seconds=4.0, value=1.5), Fault("late_answer", count=3, value=0.7))
    await end(taping, entries)


@story("duplicate")
async def copies_are_dropped(taping):
    await end(taping, taping.inject(Fault("duplicate", count=100)))
    assert taping.of["copies"] >= 100
    assert taping.of["conflicts"] == 0


@story("skip")
async def ids_that_no_leg_brought_are_asked_for_by_id(taping):
    tape = await end(taping, taping.inject(Fault("skip", count=25)))
    assert taping.of["holes_seen"] >= 1
    first = int(next(iter(taping.script.journal)).notes[0].rpartition(" ")[2])
    lines = [line for trade_id in range(first, first + 25) for line in tape.lines[trade_id]]
    assert {line["src"] for line in lines} == {"rest"}, f"{lines}{connections(taping)}{taping.script.journal}"


def both_copies(tape, taping, entry):
    """Return the lines and the truth of the trade that came with two prices."""
    trade_id = int(entry.notes[0].rpartition(" ")[2])
    return tape.lines.pop(trade_id), taping.truth(tape)[trade_id]


@story("conflict")
async def copies_that_differ_are_both_kept_and_counted(taping):
    (entry,) = taping.inject(Fault("conflict", leg=0, count=1))
    tape = await taping.complete()
    lines, truth = both_copies(tape, taping, entry)
    assert sorted(line["p"] == truth["p"] for line in lines if line["src"] == "ws") == [False, True]
    assert taping.of["conflicts"] == 1


@story("conflict_first")
async def a_conflict_is_settled_by_the_exchange(taping):
    (entry,) = taping.inject(Fault("conflict_first", count=1))
    tape = await taping.complete()
    lines, truth = both_copies(tape, taping, entry)
    assert {line["p"] == truth["p"] for line in lines} == {False, True}
    assert [line["p"] for line in lines if line["src"] == "rest"] == [truth["p"]]


# Handshakes: what happens when both legs have to come back.


def at_reconnection(kind, amounts):
    async def tell(taping):
        entries = taping.inject(Fault(kind, **amounts), Fault("drop"))
        await end(taping, [] if kind == "down" else entries)

    return tell


stories_of(
    {
        "refuse": {"seconds": 3.0, "status": 503},
        "refuse_reset": {"seconds": 3.0},
        "refuse_half": {"seconds": 3.0},
        "refuse_hang": {"seconds": 3.0},
        "down": {"seconds": 2.0},
    },
    at_reconnection,
    "at_reconnection",
)


@story("refuse")
async def handshakes_that_are_forbidden_for_a_while_are_tried_again(taping):
    await end(taping, taping.inject(Fault("refuse", seconds=2.0, status=403), Fault("drop")))


# REST: what happens when it is needed, because both legs lost the same ids.


def while_backfilling(kind, amounts):
    async def tell(taping):
        entries = taping.inject(Fault(kind, **amounts), Fault("skip", count=40))
        await end(taping, entries)

    return tell


stories_of(
    {
        "waf": {"count": 2},
        "blocked": {"count": 2},
        "server_error": {"count": 3},
        "timeout_before": {"count": 2, "status": 408},
        "timeout_after": {"count": 2, "status": 504},
        "no_answer": {"count": 1, "value": 5.0},
        "late_answer": {"count": 1, "value": 1.0},
        "reset": {"count": 3},
        "truncated": {"count": 2},
        "rest_lag": {"seconds": 4.0, "value": 2.0},
        "empty_page": {"count": 3},
        "late_start": {"count": 1, "value": 5},
        "page_gap": {"count": 1},
        "html_page": {"count": 2},
        "wrong_content_type": {"count": 1},
        "no_weight": {"count": 1},
    },
    while_backfilling,
    "while_backfilling",
)


def and_is_waited_out(kind, amounts):
    async def tell(taping):
        refusal, skip = taping.inject(Fault(kind, **amounts), Fault("skip", count=40))
        await end(taping, [refusal, skip])
        assert refusal.hits <= 2, "who is told to wait asks no more until then"

    return tell


stories_of(
    {"rate_limit": {"seconds": 3.0}, "rate_limit_date": {"seconds": 3.0}, "ban": {"seconds": 3.0}},
    and_is_waited_out,
    "is_waited_out",
)


@story("ban")
async def a_restart_during_a_ban_waits_until_it_is_over(taping):
    await taping.stop_recorder()
    (ban,) = taping.inject(Fault("ban", seconds=3.0))
    taping.start_recorder()
    await end(taping, [ban])
    assert ban.hits <= 2, "who is banned asks no more until then"


@story("down")
async def a_restart_while_the_exchange_is_down_waits_for_it(taping):
    await taping.stop_recorder()
    taping.inject(Fault("down", seconds=2.0))
    taping.start_recorder()
    await end(taping, [])


def restarted_while(kind, amounts):
    async def tell(taping):
        await taping.stop_recorder()
        entries = taping.inject(Fault(kind, **amounts))
        taping.start_recorder()
        await end(taping, entries)

    return tell


stories_of(
    {"server_error": {"count": 2}, "timeout_before": {"count": 1, "status": 408}, "waf": {"count": 1}},
    restarted_while,
    "at_a_restart",
)


@story("limits")
async def a_limit_that_changes_is_learnt(taping):
    taping.inject(Fault("limits", seconds=60.0, value=50_000))
    await taping.until(lambda: taping.session.numbers()["weight"]["limit"] == 50_000, "the new limit", seconds=6.0)


@story("late_start")
async def ids_that_its_aggregates_show_are_never_declared_and_filled_when_it_gives_them(taping):
    late, _ = taping.inject(Fault("late_start", count=1_000, value=5), Fault("skip", count=20))
    await taping.until(lambda: taping.of["holes"], "a hole")
    asked = late.hits + 60  # far more than it takes to declare what no aggregate shows
    await taping.until(lambda: late.hits > asked, "an exchange that says again and again that there are no such ids")
    assert taping.of["holes"] and not taping.of["declared"]
    taping.script.heal()
    await taping.until(lambda: not taping.of["holes"], "its end", seconds=6.0)
    await end(taping, [])


# Clocks, and everything at once.


@story("skew")
async def a_clock_that_jumps_is_no_lag(taping):
    for value in (3.0, -2.0):
        entries = taping.inject(Fault("skew", seconds=2.0, value=value))
        await taping.until(lambda: taping.script.is_quiet, "the end of the jump")
    await end(taping, entries)


def wrong_from_the_start(seconds):
    async def tell(taping):
        await taping.trades(100)
        taping.check(await taping.caught_up())
        assert abs(taping.of["lag_ms"]) < 1_000
        assert connections(taping) == [1, 1]

    tell.__name__ = f"a_clock_{seconds}_seconds_off_is_known"
    return story("skew", schedule=Plan([Fault("skew", seconds=600.0, value=seconds)]))(tell)


wrong_from_the_start(30)
wrong_from_the_start(-30)

UNSETTLED = {"conflict", "conflict_first", "limits"}
TOGETHER = [kind for kind, each in KINDS.items() if each.room != "archive" and kind not in UNSETTLED]


def together(seed, *, restarts=0):
    async def tell(taping):
        taping.script.follow(RandomFaults(seed, TOGETHER, every=0.5))
        for _ in range(restarts):
            count = len(taping.script.journal) + 4
            await taping.until(lambda count=count: len(taping.script.journal) >= count, "some faults")
            await taping.stop_recorder()
            taping.start_recorder()
        await taping.until(lambda: len(taping.script.journal) >= 12, "a dozen faults")
        taping.script.follow(Plan())
        taping.script.heal()
        await end(taping, [])

    tell.__name__ = f"a_dozen_faults_of_seed_{seed}{f'_and_{restarts}_restarts' if restarts else ''}"
    return story()(tell)


for seed in (1, 2, 3):
    together(seed)
for seed in (4, 5):
    together(seed, restarts=2)
