"""Days that come from the archive become sealed at once, and say why where they cannot be."""

import re
import zipfile
from pathlib import Path

import pytest

from candlewick.binance import daily_file
from candlewick.errors import ArchiveError
from candlewick.lake.sealed.reference import RECORDER
from candlewick.moments import starts_at
from candlewick.seal import keeping
from candlewick.seal.seals import Seals
from seal.lakes import DAYS, SYMBOL, fill, lake_of, markets, raw_lines, settings_of
from seal.made import Market, absence


def zipped(market: Market, folder: Path, *, ms: bool = False, rows: list[str] | None = None) -> Path:
    """A day as the archive packs it."""
    made = [
        f"{i},{price},{quantity},0,{at // 1_000 if ms else at},{str(maker).title()},True"
        for i, price, quantity, at, maker in market.trades
    ]
    path = folder / f"{market.symbol}-{market.day}.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"{market.symbol}-trades-{market.day}.csv", "\n".join(rows or made) + "\n")
    return path


def lines_of(path: Path) -> list[bytes]:
    """What the archive's file is as raw lines, but for when they came."""
    return [line.partition(b',"recv"')[0] for part in daily_file.parts(path, SYMBOL, 1) for line in part.lines]


@pytest.mark.parametrize("ms", [False, True], ids=["µs", "ms"])
def test_a_day_of_the_archive_is_sealed_and_each_of_its_lines_is_read_from_the_raw_objects(tmp_path, ms):
    settings, (first, second) = settings_of(tmp_path / "data"), markets()
    arriving, lake = keeping.arriving(settings), lake_of(settings)
    for market in (first, second):
        path = zipped(market, tmp_path, ms=ms)
        ids = arriving.seal(SYMBOL, market.day, path, market.candles())
        assert ids == (market.first_id, market.first_id + len(market.trades) - 1)
        assert arriving.known(SYMBOL, market.day) == ids
        [finding] = keeping.seal_days(settings, [market.day], None, lambda *_: None, asks=False)
        assert (finding.state, finding.first_id, finding.last_id) == ("sealed", *ids)
    one, other = (Seals(lake).certificate(SYMBOL, day) for day in DAYS)
    assert other.body["previous"]["digest"] == one.digest
    wanted = sorted([*lines_of(zipped(first, tmp_path, ms=ms)), *lines_of(zipped(second, tmp_path, ms=ms))])
    trades = [line for line in raw_lines(settings) if b'"e":"trade"' in line]
    assert sorted(line.partition(b',"recv"')[0] for line in trades) == wanted
    notes = [note for item in lake.list_all() for note in lake.read_object(item.name).manifest.days]
    named = {name for note in notes for name in note.objects}
    assert named == {item.name for item in lake.list_all() if f"_{RECORDER}-" in item.name}


def test_what_does_not_hold_is_not_sealed_and_says_why(tmp_path):
    settings, (first, second) = settings_of(tmp_path / "data"), markets()
    arriving = keeping.arriving(settings)
    assert arriving.known(SYMBOL, first.day) is None

    def why(market: Market, candles: list[bytes], rows: list[str] | None = None) -> str:
        return str(arriving.seal(SYMBOL, market.day, zipped(market, tmp_path, rows=rows), candles))

    rows = [f"{i},{p},{q},0,{at},{m},true" for i, p, q, at, m in first.trades]
    assert "ids in a row from 1000 on, got 1006" in why(first, first.candles(), rows[:5] + rows[6:])
    wrong = [rows[0].replace(",", ",9", 1), *rows[1:]]
    assert "differs from the exchange's candle" in why(first, first.candles(), wrong)
    assert "no candle of the exchange" in why(first, [])
    assert "7 columns" in why(first, first.candles(), ["1,2,3"])
    assert isinstance(arriving.seal(SYMBOL, first.day, zipped(first, tmp_path), first.candles()), tuple)
    later = Market(seed=5, count=300, day=second.day, first_id=second.first_id + 7)
    assert "7 trade ids are missing, 1300 first" in why(later, later.candles())
    assert [each.symbol for each in (Seals(lake_of(settings)).certificate(SYMBOL, first.day),)] == [SYMBOL]


def test_a_day_with_a_minute_that_has_no_candle_is_sealed_once_the_exchange_has_said_so(tmp_path):
    """Not at once: that there is none counts when it was said twice. The day is taken as raw objects until then."""
    settings, [market] = settings_of(tmp_path / "data"), markets(days=DAYS[:1])
    path, arriving = zipped(market, tmp_path), keeping.arriving(settings)
    empty = next(number for number, line in enumerate(market.candles()) if b'"n":0,' in line)
    candles = [line for number, line in enumerate(market.candles()) if number != empty]
    refused = arriving.seal(SYMBOL, market.day, path, candles)
    assert "no candle of the exchange" in str(refused) or "word for it" in str(refused), refused
    raw = [line for part in daily_file.parts(path, SYMBOL, 1) for line in part.lines]
    writer = fill(lake_of(settings), [[*raw, *candles]], per_object=5_000)
    [finding] = keeping.seal_days(settings, [market.day], None, lambda *_: None, asks=False)
    assert finding.state == "healing"
    writer.write([absence(SYMBOL, starts_at(market.day), empty, empty)])
    [finding] = keeping.seal_days(settings, [market.day], None, lambda *_: None, asks=False)
    certificate = Seals(lake_of(settings)).certificate(SYMBOL, market.day)
    assert finding.state == "sealed" and certificate.body["verdict"]["without_candle"] == [empty]
    assert certificate.body["sources"] == {"archive": 300}


@pytest.mark.parametrize("text", ["x", "1.2.00000000", ".00000000", "-1.00000000", "1.0000000x", "1e000000000"])
def test_a_number_that_is_none_is_named(tmp_path, text):
    [market] = markets(days=DAYS[:1])
    [first, second] = (f"{market.first_id + number}," for number in range(2))
    others = f",1.00000000,0,{market.trades[0][3]},True,True"
    rows = [f"{first}1.00000000{others}", f"{second}{text}{others}"]
    with pytest.raises(ArchiveError, match=re.escape(f"expected a number as price, got b'{text}'")):
        list(daily_file.batches(zipped(market, tmp_path, rows=rows)))


def test_numbers_of_any_count_of_places_are_taken(tmp_path):
    [market] = markets(days=DAYS[:1])
    texts = ["1.00000000", "12345678", "0.5", "123456789.00000000"]
    rows = [f"{n},{text},1,0,{market.trades[0][3]},True,True" for n, text in enumerate(texts)]
    [read] = daily_file.batches(zipped(market, tmp_path, rows=rows))
    assert read["price"].to_pylist() == texts
