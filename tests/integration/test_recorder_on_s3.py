"""A recorder whose S3 refuses in the middle of a run and comes back: one clear line, and not a trade lost.

moto is the store; a front before it refuses as AWS documents. The exchange is the local one, over real sockets.
"""

import uuid
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from structlog.testing import capture_logs

from candlewick.config import S3Settings
from candlewick.recorder import session
from candlewick.tape import writer
from integration.taped import QUICK, Taping
from peers.s3_front import Answer, Front, fault, serve

REFUSALS = {
    "no right": (fault(403, "AccessDenied"), "these credentials may not do this"),
    "expired token": (fault(400, "ExpiredToken"), "sign in again"),
    "wrong credentials": (fault(403, "InvalidAccessKeyId"), "AWS_ACCESS_KEY_ID"),
    "bucket gone": (fault(404, "NoSuchBucket"), "no such bucket"),
    "wrong region": (fault(400, "AuthorizationHeaderMalformed", "<Region>eu-west-1</Region>"), "region = 'eu-west-1'"),
}


@pytest.fixture(scope="module")
def front(s3_server: str) -> Iterator[Front]:
    with serve(s3_server) as front:
        yield front


@pytest.fixture
def taping(s3_server: str, front: Front, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Taping:
    """A recorder into an empty bucket."""
    front.reset()
    for key, value in {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_REGION": "us-east-1"}.items():
        monkeypatch.setenv(key, value)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    for (module, name), value in QUICK.items():
        monkeypatch.setattr(module, name, value)
    monkeypatch.setattr(writer, "LONGEST_WAIT", 0.5)
    bucket = f"tape-{uuid.uuid4()}"
    boto3.client("s3", endpoint_url=s3_server, region_name="us-east-1").create_bucket(Bucket=bucket)
    return Taping(tmp_path, lake=f"s3://{bucket}/path", s3=S3Settings(endpoint=front.url, path_style=True))


async def refused(taping: Taping, front: Front, refusal: Answer) -> list[str]:
    """Let the store refuse for a while; return what the recorder said of it."""
    with capture_logs() as logs:
        front.refuses = refusal
        await taping.until(lambda: taping.session._writer.failures_in_a_row >= 2, "a put that failed twice")
        await taping.trades(60)
        front.refuses = None
        await taping.until(lambda: not taping.session._writer.failures_in_a_row, "a put that succeeded")
    return [str(entry.get("problem")) for entry in logs if entry["event"] == "lake not written, trying again"]


async def test_a_store_that_refuses_and_comes_back_costs_no_trade(taping: Taping, front: Front):
    said = {}
    async with taping:
        for name, (refusal, _) in REFUSALS.items():
            said[name] = await refused(taping, front, refusal)
            assert taping.legs_open == 2, "the exchange's side goes on"
        taping.check(await taping.caught_up())
        await taping.until(lambda: taping.session.numbers()["lake"]["bytes"] > 0, "the bytes that lie in the bucket")
    for name, lines in said.items():
        step = REFUSALS[name][1]
        assert lines and all(step in line and "\n" not in line for line in lines), (name, lines)


async def test_a_store_that_is_away_too_long_cuts_the_sockets_and_what_was_missed_is_fetched_by_id(
    taping: Taping, front: Front, monkeypatch: pytest.MonkeyPatch
):
    """Back-pressure: memory is bounded, so the sockets are cut; then the holes are known, and filled."""
    monkeypatch.setattr(session, "BUFFER_BYTES", 20_000)
    async with taping:
        front.refuses = fault(503, "ServiceUnavailable")
        await taping.until(lambda: taping.legs_open == 0, "sockets that are cut")
        buffered = taping.session.numbers()["buffered_bytes"]
        await taping.trades(100)
        assert taping.session.numbers()["buffered_bytes"] == buffered, "nothing more is taken on"
        front.refuses = None
        await taping.until(lambda: taping.legs_open == 2, "sockets that are open again")
        tape = await taping.caught_up()
        taping.check(tape)
    assert "rest" in {line["src"] for lines in tape.lines.values() for line in lines}
