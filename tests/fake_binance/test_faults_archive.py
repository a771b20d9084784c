"""Faults of the archive's files over a real socket."""

import hashlib
import io
import zipfile
from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio

from candlewick.fake_binance.faults import Script

YESTERDAY = datetime.now(UTC).date() - timedelta(days=1)
PATH = f"/data/spot/daily/trades/SOLDEMO/SOLDEMO-trades-{YESTERDAY}.zip"
pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def faulty_exchange(running):
    async with running(Script(), symbols=("SOLDEMO=0.05",), history=timedelta(days=3)) as one:
        yield one


async def fetch(faulty, path=PATH):
    async with faulty.http.get(faulty.exchange.rest_url + path) as answer:
        return answer.status, await answer.read()


async def checksum(faulty):
    status, content = await fetch(faulty, f"{PATH}.CHECKSUM")
    assert status == 200
    digest, name = content.decode().split()
    assert name == PATH.rpartition("/")[2]
    return digest


def ids(content):
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return [int(line.split(b",")[0]) for line in archive.read(archive.namelist()[0]).splitlines()]


async def test_a_day_may_be_missing_for_a_while(faulty):
    faulty.inject("missing_day", path="SOLDEMO-trades")
    assert (await fetch(faulty))[0] == (await fetch(faulty, f"{PATH}.CHECKSUM"))[0] == 404
    faulty.exchange.faults.heal()
    assert (await fetch(faulty))[0] == 200


async def test_a_checksum_may_be_wrong_once(faulty):
    _, content = await fetch(faulty)
    faulty.inject("wrong_checksum", count=1, path="CHECKSUM")
    assert await checksum(faulty) != hashlib.sha256(content).hexdigest()
    assert await checksum(faulty) == hashlib.sha256(content).hexdigest()


async def test_a_zip_may_break_off_while_its_checksum_is_of_the_whole(faulty):
    faulty.inject("truncated_zip", count=1)
    _, content = await fetch(faulty)
    with pytest.raises(zipfile.BadZipFile):
        ids(content)
    assert await checksum(faulty) == hashlib.sha256((await fetch(faulty))[1]).hexdigest()


async def test_a_replaced_file_has_the_same_trades_in_other_bytes_and_its_own_checksum(faulty):
    _, before = await fetch(faulty)
    faulty.inject("replaced_file")
    _, after = await fetch(faulty)
    assert before != after
    assert ids(before) == ids(after)
    assert await checksum(faulty) == hashlib.sha256(after).hexdigest()


async def test_an_incomplete_file_lacks_trades_and_its_checksum_does_not_tell(faulty):
    _, whole = await fetch(faulty)
    faulty.inject("incomplete_day")
    _, lacking = await fetch(faulty)
    missing = sorted(set(ids(whole)) - set(ids(lacking)))
    assert missing == list(range(missing[0], missing[0] + 100))
    assert await checksum(faulty) == hashlib.sha256(lacking).hexdigest()
