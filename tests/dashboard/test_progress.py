"""A cold start tells what was fetched of what."""

from candlewick.dashboard.live.progress import history_of, start_of

SYMBOL = {
    "trades": 40,
    "backfilled": 1_200,
    "last_event_at": 1_800_000_000_000_000,
    "history": {"from": 1_800_000_000_000_000 - 21_600_000_000, "done": False, "fraction": 0.25},
}


def test_each_step_is_told_from_the_heartbeats() -> None:
    told = start_of(SYMBOL, {"lake": {"objects": 68}}, {"objects": 41})
    assert told == {"trades": 1_240, "asked": 21_600, "objects": 68, "loaded": 41}
    assert history_of(SYMBOL) == 0.25


def test_before_anything_has_come_nothing_is_claimed() -> None:
    assert start_of({}, {}, {}) == {"trades": 0, "asked": 0, "objects": 0, "loaded": 0}
    early = {"trades": 0, "backfilled": 0, "last_event_at": None, "history": {"from": None, "done": False}}
    assert start_of(early, {"lake": {}}, {"objects": None})["asked"] == 0
    assert history_of(early) is None
    assert history_of({"history": {"done": True}}) == 1.0
