import json
import zipfile

import pytest

from candlewick.binance import daily_file
from candlewick.binance.daily_file import parts
from candlewick.errors import ArchiveError
from candlewick.trade import decode_trade

ROWS = (
    "10,61837.63000000,0.00100000,61.83763000,1723161254342,True,True\n"
    "11,61837.64,2,123675.28,1723161254342,False,True\n"
    "13,61837.65000000,0.50000000,30918.82500000,1723161254343,False,False\n"
)


@pytest.fixture
def packed(tmp_path):
    def pack(text=ROWS, entries=1):
        path = tmp_path / "BTCUSDT-trades-2024-08-08.zip"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for number in range(entries):
                archive.writestr(f"{number}.csv", text)
        return path

    return pack


def test_rows_become_raw_lines_with_their_values_as_they_are(packed):
    (part,) = parts(packed(), "BTCUSDT", 77)
    assert part.ids == [10, 11, 13]
    assert (part.first_at, part.last_at) == (1723161254342000, 1723161254343000)
    assert json.loads(part.lines[0]) == {
        "e": "trade", "E": 1723161254342, "s": "BTCUSDT", "t": 10, "p": "61837.63000000", "q": "0.00100000",
        "T": 1723161254342, "m": True, "M": True, "src": "archive", "recv": 77,
    }  # fmt: skip
    assert [decode_trade(line).quantity for line in part.lines] == ["0.00100000", "2", "0.50000000"]
    assert [decode_trade(line).is_buyer_maker for line in part.lines] == [True, False, False]
    assert json.loads(part.lines[2])["M"] is False


def test_times_are_in_the_unit_that_the_file_has_them_in(packed):
    (part,) = parts(packed("1,2.0,3.0,6.0,1735689600000123,True,True\n"), "BTCUSDT", 1)
    assert (part.first_at, decode_trade(part.lines[0]).traded_at) == (1735689600000123, 1735689600000123)


@pytest.mark.parametrize(
    ("row", "others"),
    [
        ("1,0.03577000,0.12670000,0.00453205,1735689600000123,True,True\n", 0),  # ETHBTC, as published
        ("1,0.03577000,0.12670000,0.00453206,1735689600000123,True,True\n", 1),
        ("1,0.03577,0.1267,0.00453205,1735689600000123,True,True\n", 0),
        ("1,61837.64000000,12345678901.00000001,763427647435633.64061837,1735689600000123,True,True\n", 0),
        ("1,61837.64000000,12345678901.00000001,763427647435633.64061838,1735689600000123,True,True\n", 1),
        ("1,5.00000000,1.00000000,,1735689600000123,True,True\n", 1),
    ],
)
def test_quote_amounts_that_are_not_the_cut_product_are_counted(packed, row, others):
    (part,) = parts(packed(row + ROWS.replace("10,", "2,", 1)), "ETHBTC", 1)
    assert part.other_quote_amounts == others


def test_a_day_is_read_a_part_at_a_time(packed, monkeypatch):
    monkeypatch.setattr(daily_file, "ROWS_PER_PART", 2)
    assert [part.ids for part in parts(packed(), "BTCUSDT", 1)] == [[10, 11], [13]]


@pytest.mark.parametrize("text", [ROWS.rstrip("\n"), ROWS.replace("\n", "\r\n")])
def test_line_ends_do_not_matter(packed, text):
    (part,) = parts(packed(text), "BTCUSDT", 1)
    assert part.ids == [10, 11, 13]
    assert all(json.loads(line)["M"] in (True, False) for line in part.lines)


def test_a_day_without_trades_has_no_parts(packed):
    assert list(parts(packed(""), "BTCUSDT", 1)) == []


@pytest.mark.parametrize(
    "row",
    [
        "id,price,qty,quoteQty,time,isBuyerMaker,isBestMatch",
        "14,61837.65,0.5,1,1723161254343,true",
        "14,6.1e4,0.5,1,1723161254343,True,True",
        '14,61837.65,0.5"},1,1723161254343,True,True',
        "14,61837.65,0.5,1,1723161254,True,True",
        "",
    ],
)
def test_a_row_that_is_no_trade_is_named(packed, row):
    with pytest.raises(ArchiveError, match=r"BTCUSDT-trades-2024-08-08\.zip: expected a row of seven columns") as error:
        list(parts(packed(ROWS + row + "\n"), "BTCUSDT", 1))
    assert repr(row.lower().encode())[2:10] in str(error.value).lower()


def test_ids_that_go_back_are_refused_within_a_part_and_between_two(packed, monkeypatch):
    twice = packed(ROWS + ROWS)
    for rows in (100, 3):
        monkeypatch.setattr(daily_file, "ROWS_PER_PART", rows)
        with pytest.raises(ArchiveError, match="expected ascending ids"):
            list(parts(twice, "BTCUSDT", 1))


def test_what_is_no_zip_or_half_of_one_or_of_two_files_is_refused(packed, tmp_path):
    whole = packed(ROWS * 1).read_bytes()
    path = tmp_path / "BTCUSDT-trades-2024-08-08.zip"
    for content in (b"<html>", whole[: len(whole) // 2], whole[:60] + b"\0\0\0" + whole[63:]):
        path.write_bytes(content)
        with pytest.raises(ArchiveError, match="not a whole zip"):
            list(parts(path, "BTCUSDT", 1))
    with pytest.raises(ArchiveError, match="expected one file in the zip"):
        list(parts(packed(entries=2), "BTCUSDT", 1))
