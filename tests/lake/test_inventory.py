"""What is really there is known hour by hour; what is claimed and is not there is found, and nothing else is."""

import asyncio
from pathlib import Path

import msgspec
import pytest

from candlewick.lake import inventory as inventories
from candlewick.lake import names
from candlewick.lake.batch import Batch
from candlewick.lake.inventory import Inventory
from candlewick.lake.objects import Lake, pack
from candlewick.spans import Spans

HOUR = 3_600_000_000
START = 1_769_261_320_000_000


class Recorder:
    """Writes objects of live trades and enters them, as a recorder does."""

    def __init__(self, lake: Lake, folder: Path) -> None:
        self.lake = lake
        self.folder = folder
        self.inventory = Inventory(lake, "r1", folder)
        self.claims = Spans()
        self.objects: list[str] = []

    def write(self, first: int, last: int, hour: int = 0, *, recorder: str = "r1") -> str:
        batch = Batch()
        for trade_id in range(first, last + 1):
            batch.add_trade("BTCDEMO", trade_id, b"{}")
        name = names.stream("demo", recorder, START + hour * HOUR + first)
        manifest = batch.manifest(recorder=recorder, seq=1, prev=None, created=0, covered={}, declared={})
        content = pack(batch.lines, manifest)
        self.lake.put_absent(name, content)
        if recorder == "r1":
            self.inventory.wrote(name, len(content), manifest)
            self.claims.add(first, last)
        return name

    def restart(self, *, is_cached: bool) -> None:
        if is_cached:
            self.inventory.save()
        else:
            self.folder = self.folder / "empty"
        self.inventory = Inventory(self.lake, "r1", self.folder)

    def look(self, most: int = 1_000) -> int:
        """Look at every hour; return how many looks it took."""
        looks = 0
        for folder in self.inventory.folders():
            while True:
                looks += 1
                if self.inventory.look(folder, most):
                    break
        return looks

    def missing(self) -> list[tuple[int, int]]:
        self.look()
        found = self.inventory.missing({"BTCDEMO": self.claims})
        return found["BTCDEMO"].ranges() if found else []


@pytest.fixture
def recorder(lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Recorder:
    monkeypatch.setattr(inventories, "REST_SECONDS", 0.0)
    recorder = Recorder(lake, tmp_path / "inventory")
    recorder.inventory.folders()
    recorder.objects = [recorder.write(10 * n, 10 * n + 9, n // 3) for n in range(1, 10)]
    return recorder


@pytest.mark.parametrize("is_cached", [None, True, False], ids=["same process", "restarted", "without its cache"])
def test_an_object_that_is_deleted_is_missed_and_nothing_else(recorder: Recorder, is_cached: bool | None) -> None:
    assert recorder.missing() == []
    recorder.lake.delete(recorder.objects[4])
    recorder.write(100, 109, 3)
    if is_cached is not None:
        recorder.restart(is_cached=is_cached)
    assert recorder.missing() == [(50, 59)]
    assert recorder.missing() == []  # said once
    recorder.write(50, 59, 3)
    recorder.restart(is_cached=True)
    assert recorder.missing() == []


def test_a_whole_hour_that_goes_away_is_missed(recorder: Recorder) -> None:
    assert recorder.missing() == []
    for name in recorder.objects[2:5]:
        recorder.lake.delete(name)
    assert recorder.missing() == [(30, 59)]


def test_an_object_cut_short_holds_nothing(lake: Lake, recorder: Recorder) -> None:
    assert recorder.missing() == []
    lake.replace(recorder.objects[4], b"torn")
    assert recorder.missing() == [(50, 59)]


def test_what_was_written_is_never_read_and_what_was_read_is_never_read_again(
    recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []
    monkeypatch.setattr(recorder.lake, "get", lambda name, get=recorder.lake.get: read.append(name) or get(name))
    assert recorder.look() == 4
    assert read == []
    recorder.restart(is_cached=False)
    assert recorder.look(most=1) == 9  # one object a look: the cost of each is bounded
    assert sorted(read) == recorder.objects
    recorder.restart(is_cached=True)
    recorder.look()
    assert len(read) == 9


def test_nothing_is_said_until_every_hour_was_looked_at(recorder: Recorder) -> None:
    recorder.lake.delete(recorder.objects[8])
    recorder.restart(is_cached=False)
    newest, *others = recorder.inventory.folders()
    recorder.inventory.look(newest, 1_000)
    claims = {"BTCDEMO": recorder.claims}
    assert recorder.inventory.missing(claims) == {}
    for folder in others:
        recorder.inventory.look(folder, 1_000)
    assert recorder.inventory.missing(claims) == {"BTCDEMO": Spans([(90, 99)])}


def test_an_hour_that_is_written_to_is_left_alone(recorder: Recorder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inventories, "REST_SECONDS", 60.0)
    recorder.lake.delete(recorder.objects[4])
    assert recorder.missing() == []


def test_other_recorders_objects_do_not_count(recorder: Recorder) -> None:
    recorder.write(50, 59, 1, recorder="r2")
    recorder.lake.delete(recorder.objects[4])
    assert recorder.missing() == [(50, 59)]


def test_ids_in_a_sealed_day_are_there_and_only_with_its_file(
    lake: Lake, recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert recorder.missing() == []
    day = "demo/sealed/BTCDEMO/2026/BTCDEMO-2026-01-24"
    file = f"{day}.0123456789ab.parquet"  # where another file of the day was there before
    certificate = {"format": "candlewick-seal", "first_id": 30, "last_id": 45, "file": {"name": file}}
    lake.put_absent(f"{day}.certificate.json", msgspec.json.encode(certificate))
    for name in recorder.objects[2:5]:
        lake.delete(name)
    recorder.look()
    claims = {"BTCDEMO": recorder.claims}
    lake.put_absent(f"{day}.parquet", b"another's")
    assert recorder.inventory.not_there(claims) == {"BTCDEMO": Spans([(30, 59)])}
    lake.put_absent(file, b"trades")
    assert recorder.inventory.missing(claims) == {"BTCDEMO": Spans([(46, 59)])}
    read: list[str] = []
    monkeypatch.setattr(lake, "get", lambda name, get=lake.get: read.append(name) or get(name))
    assert recorder.inventory.not_there(claims) == {"BTCDEMO": Spans([(46, 59)])}
    assert read == [], "a certificate is read once: a tape of years has a thousand of them"


def test_its_size_is_that_of_the_objects(recorder: Recorder) -> None:
    recorder.look()
    assert recorder.inventory.size == sum(item.size for item in recorder.lake.list_all())
    recorder.lake.delete(recorder.objects[4])
    recorder.look()
    assert recorder.inventory.size == sum(item.size for item in recorder.lake.list_all())


async def test_writing_and_looking_at_the_same_time_miss_nothing(recorder: Recorder) -> None:
    async def write() -> None:
        for n in range(10, 60):
            await asyncio.to_thread(recorder.write, 10 * n, 10 * n + 9, 3)

    writing = asyncio.create_task(write())
    while not writing.done():
        claims = {"BTCDEMO": recorder.claims.copy()}
        await asyncio.to_thread(recorder.look)
        found = await asyncio.to_thread(recorder.inventory.missing, claims)
        assert found == {}
    assert recorder.missing() == []
