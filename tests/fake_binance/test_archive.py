"""Daily archive files over a real socket."""

import csv
import hashlib
import io
import zipfile
from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio

DAILY = "/data/spot/daily"
YESTERDAY = datetime.now(UTC).date() - timedelta(days=1)
pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def client(running):
    async with running(symbols=("SOLDEMO=0.5",), history=timedelta(days=5)) as one:
        yield one


async def fetch(client, path):
    """Return status and body of a file."""
    async with client.http.get(client.exchange.rest_url + DAILY + path) as answer:
        return answer.status, await answer.read()


async def lines(client, path):
    """Return the rows of the one file in a zip, and that file's name, after its checksum was found right."""
    status, content = await fetch(client, path)
    assert status == 200
    _, checksum = await fetch(client, f"{path}.CHECKSUM")
    digest, name = checksum.decode().split()
    assert (digest, name) == (hashlib.sha256(content).hexdigest(), path.rpartition("/")[2])
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        (inner,) = archive.namelist()
        return list(csv.reader(io.TextIOWrapper(archive.open(inner)))), inner


async def test_a_days_trades_are_all_there_as_rest_has_them(client):
    rows, name = await lines(client, f"/trades/SOLDEMO/SOLDEMO-trades-{YESTERDAY}.zip")
    assert name == f"SOLDEMO-trades-{YESTERDAY}.csv"
    ids = [int(row[0]) for row in rows]
    assert ids == list(range(ids[0], ids[-1] + 1))
    midnight = int(datetime.combine(YESTERDAY, datetime.min.time(), UTC).timestamp()) * 1_000_000
    assert ids[0] == client.market.id_at("SOLDEMO", midnight)
    assert ids[-1] == client.market.id_at("SOLDEMO", midnight + 86_400_000_000) - 1
    page = await client.rows(
        f"/api/v3/historicalTrades?symbol=SOLDEMO&fromId={ids[0]}&limit=1000", {"X-MBX-TIME-UNIT": "MICROSECOND"}
    )
    fields = ("id", "price", "qty", "quoteQty", "time", "isBuyerMaker", "isBestMatch")
    assert rows[:1_000] == [[str(row[field]) for field in fields] for row in page]


async def test_a_days_klines_are_as_rest_has_them(client):
    rows, name = await lines(client, f"/klines/SOLDEMO/1m/SOLDEMO-1m-{YESTERDAY}.zip")
    assert name == f"SOLDEMO-1m-{YESTERDAY}.csv"
    assert len(rows) == 1_440
    page = await client.rows(
        f"/api/v3/klines?symbol=SOLDEMO&interval=1m&limit=1000&startTime={rows[0][0]}",
        {"X-MBX-TIME-UNIT": "MICROSECOND"},
    )
    assert rows[:1_000] == [[str(value) for value in row] for row in page]


@pytest.mark.parametrize(
    "path",
    [
        f"/trades/SOLDEMO/SOLDEMO-trades-{YESTERDAY + timedelta(days=1)}.zip",
        f"/trades/SOLDEMO/SOLDEMO-trades-{YESTERDAY - timedelta(days=10)}.zip",
        "/trades/SOLDEMO/SOLDEMO-trades-2026-13-01.zip",
        f"/trades/BTCUSDT/BTCUSDT-trades-{YESTERDAY}.zip",
        f"/trades/SOLDEMO/BTCDEMO-trades-{YESTERDAY}.zip",
        f"/klines/SOLDEMO/1m/SOLDEMO-5m-{YESTERDAY}.zip",
        f"/klines/SOLDEMO/7m/SOLDEMO-7m-{YESTERDAY}.zip",
        f"/trades/SOLDEMO/SOLDEMO-trades-{YESTERDAY}.zip.CHECKSUMS",
    ],
)
async def test_what_the_archive_does_not_have_is_not_found(client, path):
    assert (await fetch(client, path))[0] == 404
