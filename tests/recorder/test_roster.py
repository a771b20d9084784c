import pytest
from hypothesis import given
from hypothesis import strategies as st

from candlewick.binance.rows import SymbolInfo
from candlewick.errors import ConfigError
from candlewick.recorder.roster import Roster, part_of

LISTED = [
    SymbolInfo(name, status)
    for name, status in [
        ("ETHUSDT", "TRADING"),
        ("BTCUSDT", "TRADING"),
        ("OLDUSDT", "BREAK"),
        ("ETHBTC", "TRADING"),
        ("USDTTRY", "TRADING"),
    ]
]
NAMES = st.lists(st.text("ABCDEFGHIJ币安", min_size=1, max_size=12), min_size=1, max_size=50, unique=True)


def test_named_symbols_are_taken_as_they_are_whether_in_trade_or_not():
    roster = Roster(("SOLUSDT", "OLDUSDT"))
    assert roster.resolve() == roster.resolve(LISTED) == ("SOLUSDT", "OLDUSDT")
    assert not roster.has_patterns


def test_a_pattern_takes_what_is_in_trade_and_fits_whole():
    roster = Roster(("*USDT",))
    assert roster.has_patterns
    assert roster.resolve(LISTED) == ("BTCUSDT", "ETHUSDT")
    assert Roster(("ETH*", "USDT*")).resolve(LISTED) == ("ETHBTC", "ETHUSDT", "USDTTRY")
    assert Roster(("*",)).resolve(LISTED) == ("BTCUSDT", "ETHBTC", "ETHUSDT", "USDTTRY")


def test_names_come_before_what_patterns_add_and_nothing_comes_twice():
    roster = Roster(("ETHUSDT", "*USDT", "OLDUSDT"))
    assert roster.literal == ("ETHUSDT", "OLDUSDT")
    assert roster.resolve(LISTED) == ("ETHUSDT", "OLDUSDT", "BTCUSDT")


@given(NAMES, st.integers(1, 9))
def test_shards_share_the_symbols_and_each_has_one_place(names, parts):
    found = []
    for index in range(parts):
        own = [name for name in names if part_of(name, parts) == index]
        if own:
            assert Roster(names, (index, parts)).resolve() == tuple(own)
        else:
            with pytest.raises(ConfigError, match=f"falls into {index + 1}/{parts}"):
                Roster(names, (index, parts)).resolve()
        found += own
    assert sorted(found) == sorted(names)


def test_the_place_of_a_symbol_is_the_same_everywhere_and_for_ever():
    assert [part_of(name, 4) for name in ("BTCUSDT", "ETHUSDT", "SOLUSDT", "BNBUSDT")] == [1, 2, 1, 0]


def test_many_symbols_are_shared_about_equally():
    counts = [0] * 4
    for number in range(2_000):
        counts[part_of(f"COIN{number}USDT", 4)] += 1
    assert min(counts) > 400


def test_a_pattern_that_fits_nothing_is_said():
    with pytest.raises(ConfigError, match=r"symbols: no symbol in trade fits \*EUR"):
        Roster(("*EUR",)).resolve(LISTED)
