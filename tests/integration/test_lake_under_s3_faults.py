"""The recorder's writer on S3 that refuses, breaks off, answers too late or not at all: each trade is there once.

Real sockets: a front before moto breaks connections, some of them when the put is done and its answer on the way.
"""

import asyncio
import json
import os
import random
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import boto3
import pytest

from candlewick.config import S3Settings
from candlewick.errors import LakeError
from candlewick.lake import names, s3
from candlewick.lake.batch import Batcher, Limits
from candlewick.lake.objects import Lake, LakeObject
from candlewick.tape import checkpoint
from candlewick.tape import writer as module
from candlewick.tape.checkpoint import Checkpoint
from candlewick.tape.coverage import Coverage
from candlewick.tape.writer import Writer
from peers.s3_front import Answer, Break, Front, fault, serve

SYMBOL = "BTCDEMO"
NAME = names.stream("demo", "r1", 1_769_261_320_123_456)
REQUESTS_PER_PUT = 4
"""One and three retries, as `docs/guarantees.md` says."""

SLOW_DOWN = fault(503, "SlowDown", only_conditional=True)
CONFLICT = fault(409, "ConditionalRequestConflict", only_conditional=True)
EXPIRED = fault(400, "ExpiredToken", only_conditional=True)
FAULTS: dict[str, Answer | Break] = {
    "slow down": SLOW_DOWN,
    "internal error": fault(500, "InternalError", only_conditional=True),
    "reset before": Break(is_done=False),
    "reset after the put was done": Break(is_done=True),
    "no answer": Break(is_done=False, is_reset=False),
    "no answer though the put was done": Break(is_done=True, is_reset=False),
    "conflict": CONFLICT,
    "credentials that have expired": EXPIRED,
    "a gateway's page": Answer(502, "<html>bad gateway</html>", only_conditional=True),
}


@pytest.fixture
def front(s3_server: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Front]:
    """A transparent front, keys in the environment, and the patience of a test: a second, where it is half a minute."""
    for key in [key for key in os.environ if key.startswith("AWS_")]:
        monkeypatch.delenv(key)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    monkeypatch.setitem(s3._CLIENT, "timeout", "1s")
    monkeypatch.setattr(module, "LONGEST_WAIT", 0.5)
    with serve(s3_server) as front:
        yield front


@pytest.fixture
def lake(front: Front, s3_server: str) -> Lake:
    bucket = f"tape-{uuid.uuid4()}"
    keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test", "region_name": "us-east-1"}
    boto3.client("s3", endpoint_url=s3_server, **keys).create_bucket(Bucket=bucket)
    lake = Lake.open(f"s3://{bucket}/some/path", "demo", S3Settings(endpoint=front.url))
    lake.check_writable("r1")
    front.seen.clear()
    return lake


@dataclass
class Writing:
    """A writer at work, and what it was given."""

    lake: Lake
    state_path: Path
    given: int = 0

    def __post_init__(self) -> None:
        self.coverage = Coverage()
        self.state = Checkpoint("r1")
        batcher = Batcher(Limits(seconds=0.01))
        self.writer = Writer(self.lake, self.state, self.state_path, {SYMBOL: self.coverage}, batcher)
        self._task = asyncio.create_task(self.writer.run())

    def give(self, trades: int) -> None:
        for trade_id in range(self.given, self.given + trades):
            self.coverage.secure(trade_id, trade_id)
            self.writer.take(SYMBOL, trade_id, json.dumps({"e": "trade", "s": SYMBOL, "t": trade_id}).encode())
        self.given += trades

    def has_all(self) -> bool:
        return self.coverage.covered.count == self.given

    async def until(self, condition: Callable[[], object], what: str) -> None:
        deadline = time.monotonic() + 60
        while not condition():
            if self._task.done():
                self._task.result()
            assert time.monotonic() < deadline, f"waited in vain for {what}"
            await asyncio.sleep(0.01)

    async def stop(self) -> list[LakeObject]:
        """Stop, and return the objects in the lake, in the order of the chain."""
        self.writer.stop()
        await self._task
        found = [self.lake.read_object(item.name) for item in self.lake.list_all()]
        return sorted(found, key=lambda each: each.manifest.seq)


def check(objects: list[LakeObject], writing: Writing) -> None:
    """Each trade is in the lake once, and the objects are one chain, which the checkpoint is at the end of."""
    ids = [json.loads(line)["t"] for each in objects for line in each.lines]
    assert ids == list(range(writing.given))
    assert [each.manifest.seq for each in objects] == list(range(1, len(objects) + 1))
    assert [each.manifest.prev for each in objects] == [None, *(each.name for each in objects[:-1])]
    saved = checkpoint.load(writing.state_path, "r1")
    assert saved is not None and (saved.seq, saved.prev) == (len(objects), objects[-1].name)


@pytest.mark.parametrize("times", [1, REQUESTS_PER_PUT + 2])
@pytest.mark.parametrize("kind", FAULTS)
async def test_a_fault_costs_no_trade_and_doubles_none(lake, front, tmp_path, kind, times):
    writing = Writing(lake, tmp_path / "state.json")
    writing.give(10)
    await writing.until(writing.has_all, "the first object")
    front.answers.extend([FAULTS[kind]] * times)
    writing.give(10)
    await writing.until(writing.has_all, "all of it in the lake")
    writing.give(10)
    await writing.until(writing.has_all, "what came afterwards")
    assert not front.answers, "the faults were met"
    check(await writing.stop(), writing)


async def test_whatever_comes_in_whatever_order_each_trade_is_there_once(lake, front, tmp_path):
    seed = int(os.environ.get("CANDLEWICK_SEED") or random.randrange(1_000_000))
    print(f"CANDLEWICK_SEED={seed}")
    rng = random.Random(seed)
    quick = [each for each in FAULTS.values() if not isinstance(each, Break) or each.is_reset]
    writing = Writing(lake, tmp_path / "state.json")
    for _ in range(25):
        front.answers.extend(rng.choices(quick, k=rng.randrange(4)))
        writing.give(rng.randrange(1, 20))
        await writing.until(writing.has_all, f"all of it in the lake, seed {seed}")
    check(await writing.stop(), writing)


@pytest.mark.parametrize("kind", ["slow down", "reset before", "no answer"])
def test_a_put_asks_a_stated_number_of_times_and_then_says_that_it_failed(lake, front, kind):
    front.answers.extend([FAULTS[kind]] * 20)
    with pytest.raises(LakeError):
        lake.put_absent(NAME, b"content")
    assert len(front.seen) <= REQUESTS_PER_PUT
    front.answers.clear()
    lake.put_absent(NAME, b"content")
    assert lake.get(NAME) == b"content"


def test_reading_asks_a_stated_number_of_times_and_then_says_that_it_failed(lake, front):
    lake.put_absent(NAME, b"content")
    front.seen.clear()
    front.answers.extend([fault(503, "SlowDown")] * 20)
    with pytest.raises(LakeError, match="fewer requests"):
        lake.get(NAME)
    assert len(front.seen) <= REQUESTS_PER_PUT
    front.answers.clear()
    assert lake.get(NAME) == b"content"


async def test_while_the_store_refuses_what_comes_waits_and_is_counted(lake, front, tmp_path):
    """What `Session` cuts the sockets by, before it grows too far."""
    writing = Writing(lake, tmp_path / "state.json")
    front.answers.extend([EXPIRED] * 10_000)
    writing.give(10)
    await writing.until(lambda: writing.writer.failures_in_a_row >= 2, "the writer to try again")
    before = writing.writer.buffered_bytes
    writing.give(100)
    assert writing.writer.buffered_bytes > before
    front.answers.clear()
    await writing.until(writing.has_all, "all of it in the lake")
    await writing.until(lambda: writing.writer.buffered_bytes == 0, "nothing to wait any longer")
    assert writing.writer.failures_in_a_row == 0
    check(await writing.stop(), writing)


def test_credentials_that_are_about_to_expire_are_replaced_while_it_runs(lake, front, s3_server, monkeypatch):
    """Theirs end in two minutes, and the store asks for new ones when fewer than five are left."""
    bucket = lake.url.removeprefix("s3://").partition("/")[0]
    settings = S3Settings(endpoint=front.url, role_arn="arn:aws:iam::123456789012:role/recorder")
    with serve(s3_server) as sts:
        monkeypatch.setenv("AWS_ENDPOINT_URL_STS", sts.url)
        sts.answers.extend(Answer(200, assumed(key, timedelta(minutes=2))) for key in ("FIRST", "SECOND", "THIRD"))
        other = Lake.open(f"s3://{bucket}/other", "demo", settings)
        deadline = time.monotonic() + 30
        while not {"FIRST", "SECOND", "THIRD"} <= keys_used(front):
            assert time.monotonic() < deadline, keys_used(front)
            other.hours()


def keys_used(front: Front) -> set[str]:
    return {headers["authorization"].partition("Credential=")[2].partition("/")[0] for *_, headers in front.seen}


def assumed(key: str, life: timedelta) -> str:
    """The answer of STS to AssumeRole."""
    end = (datetime.now(UTC) + life).strftime("%Y-%m-%dT%H:%M:%SZ")
    return (
        '<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials>'
        f"<AccessKeyId>{key}</AccessKeyId><SecretAccessKey>secret</SecretAccessKey><SessionToken>token</SessionToken>"
        f"<Expiration>{end}</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>"
    )
