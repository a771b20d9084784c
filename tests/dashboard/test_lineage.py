"""The lineage of candles, on a mart that the real loader, models and publisher made."""

from typing import Any
from zoneinfo import ZoneInfo

import pytest

from candlewick.config import Settings
from candlewick.dashboard.routes.lineage import Asked, lineage, verdict
from candlewick.dashboard.routes.shelf import Shelf
from candlewick.mart.reader import Mart
from candlewick.trade import COMPARED
from dashboard.proven import MISSING, SECOND, SYMBOL, minutes

UTC = ZoneInfo("UTC")
SHELF = Shelf(Settings())
"""No seal is on it: nothing is asked of it."""


def told(mart: Mart, minute: int, timeframe: str = "1m") -> dict[str, Any]:
    answer = lineage(mart, Asked.at(SYMBOL, timeframe, SECOND + 60 * minute, UTC), shelf=SHELF)
    assert answer
    return answer


def field(answer: dict[str, Any], name: str) -> dict[str, Any]:
    return next(field for field in answer["audit"]["fields"] if field["name"] == name)


def test_a_candle_that_agrees_shows_nine_fields_and_both_ids_beside_the_exchanges(proven_mart: Mart) -> None:
    answer = told(proven_mart, 0)
    assert answer["audit"]["verdict"] == "match"
    assert [field["name"] for field in answer["audit"]["fields"]] == [*COMPARED, "first_trade_id", "last_trade_id"]
    assert all(field["equal"] and field["ours"] == field["exchange"] for field in answer["audit"]["fields"])
    assert (int(answer["first_trade_id"]), int(answer["last_trade_id"])) == minutes()[0].ids
    assert (answer["trade_count"], answer["spanned"]) == (10, 10)


def test_a_candle_that_differs_says_in_which_field(proven_mart: Mart) -> None:
    answer = told(proven_mart, 1)
    assert answer["audit"]["verdict"] == "mismatch"
    assert [field["name"] for field in answer["audit"]["fields"] if not field["equal"]] == ["volume"]


def test_a_candle_with_a_hole_spans_more_ids_than_it_has_and_waits_for_its_verdict(proven_mart: Mart) -> None:
    answer = told(proven_mart, 2)
    assert answer["spanned"] - answer["trade_count"] == len(MISSING)
    assert (answer["is_complete"], answer["audit"]["verdict"]) == (False, "pending")


def test_the_objects_that_hold_a_candle_are_named_with_the_ids_in_them(proven_mart: Mart) -> None:
    first, second = told(proven_mart, 1)["objects"]
    assert (first["first_trade_id"], first["last_trade_id"]) == ("110", "113")
    assert (second["first_trade_id"], second["last_trade_id"]) == ("114", "119")
    assert first["name"] != second["name"]
    (backfill,) = told(proven_mart, 3)["objects"]
    assert "/backfill_" in backfill["name"]


def test_it_tells_where_the_trades_came_from_and_when_they_passed_each_hop(proven_mart: Mart) -> None:
    answer = told(proven_mart, 3)["trades"]
    assert answer["sources"] == {"rest": 10}
    first, last = answer["ends"]
    assert (int(first["trade_id"]), int(last["trade_id"])) == minutes()[3].ids
    assert first["traded_at"] < first["received_at"] < first["loaded_at"]


def test_a_forming_candle_has_no_verdict_yet(proven_mart: Mart) -> None:
    answer = told(proven_mart, 5)
    assert (answer["is_closed"], answer["audit"]["verdict"]) == (False, "forming")
    assert all(field["exchange"] is None for field in answer["audit"]["fields"])


def test_a_longer_candle_is_judged_by_its_minutes(proven_mart: Mart) -> None:
    answer = told(proven_mart, 1, "5m")
    assert answer["audit"]["expected"] == 5
    assert sum(answer["audit"]["minutes"].values()) <= 5
    assert answer["audit"]["verdict"] == "mismatch"


def test_a_second_is_judged_by_its_minute(proven_mart: Mart) -> None:
    answer = told(proven_mart, 0, "1s")
    assert (answer["audit"]["scope"], answer["audit"]["verdict"], answer["trade_count"]) == ("minute", "match", 1)
    assert field(answer, "trade_count")["ours"] == "10"


def test_where_there_is_no_candle_there_is_no_lineage(proven_mart: Mart) -> None:
    assert lineage(proven_mart, Asked.at(SYMBOL, "1m", SECOND + 60 * 500, UTC), shelf=SHELF) is None


@pytest.mark.parametrize(
    ("counts", "is_closed", "expected"),
    [
        ({"match": 5}, True, "match"),
        ({"match": 4}, True, "pending"),
        ({"match": 4, "pending": 1}, True, "pending"),
        ({"match": 4, "no_oracle": 1}, True, "no_oracle"),
        ({"match": 4, "mismatch": 1}, False, "mismatch"),
        ({"match": 4}, False, "forming"),
    ],
)
def test_the_worst_minute_decides(counts: dict[str, int], is_closed: bool, expected: str) -> None:
    assert verdict(counts, is_closed=is_closed, expected=5) == expected
