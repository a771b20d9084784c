"""An audit of Snowflake against a real exchange: what differs is asked about by id, and repaired through S3."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from audit.test_audit import CORRECTED, LYING, SPOILT, SYMBOL, Lab, Liar, findings
from candlewick import audit
from candlewick.audit import verdict as verdicts
from candlewick.config import S3Settings, Settings, SnowflakeSettings
from candlewick.fake_binance.server.background import BackgroundExchange
from candlewick.fake_binance.server.options import ExchangeOptions
from candlewick.lake.objects import Lake
from made.snowflake_sides import Account
from peers.aws_peer import CREDENTIALS, REGION, client, moto_server
from peers.snowflake_peer import snowflake_host, write_connection

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@dataclass
class Cloud:
    """The lab's lake in a bucket, and the account that has loaded it."""

    lab: Lab
    account: Account
    loaded: set[str]

    @property
    def settings(self) -> Settings:
        return self.account.settings

    @property
    def lake(self) -> Lake:
        return Lake.open(self.settings.lake_url, self.settings.prefix, self.settings.s3)

    def objects(self) -> set[str]:
        return {item.name for item in self.lake.list_all()}

    def load(self) -> None:
        """Let the pipe load what is new, and run the models."""
        new = self.objects() - self.loaded
        self.account.load(self.lake, sorted(new))
        self.loaded |= new
        self.account.run()


@pytest.fixture(scope="module")
def lab(tmp_path_factory) -> Iterator[Lab]:
    options = ExchangeOptions(port=0, symbols=(SYMBOL,), rate=0.1, history=timedelta(days=3), weight_limit=1_000_000)
    with BackgroundExchange(options, Liar()) as running:
        made = Lab(running.exchange, tmp_path_factory.mktemp("lab"))
        made.backfill()
        made.spoil()
        made.load()
        yield made


@pytest.fixture(scope="module")
def cloud(lab: Lab, tmp_path_factory) -> Iterator[Cloud]:
    home: Path = tmp_path_factory.mktemp("cloud")
    with moto_server() as endpoint, snowflake_host() as host, pytest.MonkeyPatch.context() as patch:
        for name, value in CREDENTIALS.items():
            patch.setenv(name, value)
        patch.setenv("SNOWFLAKE_HOME", str(home))
        write_connection(home, host.port)
        client(endpoint, "s3").create_bucket(
            Bucket="audited-tape", CreateBucketConfiguration={"LocationConstraint": REGION}
        )
        settings = lab.settings.model_copy(
            update={
                "data": home,
                "lake": "s3://audited-tape",
                "s3": S3Settings(endpoint=endpoint, region=REGION, path_style=True),
                "warehouse": "snowflake",
                "snowflake": SnowflakeSettings(connection="peer"),
            }
        )
        lake = Lake.open(settings.lake_url, settings.prefix, settings.s3)
        for item in lab.lake.list_all():
            lake.put_absent(item.name, lab.lake.get(item.name))
        account = Account(settings, host.new_peer())
        account.set_up()
        made = Cloud(lab, account, set())
        made.load()
        yield made
        account.close()


def test_a_mismatch_is_rechecked_by_id_and_what_the_exchange_has_is_written_once(cloud, monkeypatch):
    monkeypatch.setattr(verdicts, "BEING_FILLED", timedelta(0))
    embedded = cloud.lab.audit(asks=False)
    before = cloud.objects()
    seen = audit.run(cloud.settings, None, asks=False)
    assert [(each.open_time, each.fields, each.values) for each in seen.mismatches] == [
        (each.open_time, each.fields, each.values) for each in embedded.mismatches
    ]
    assert [tape.candles for tape in seen.tapes] == [tape.candles for tape in embedded.tapes]
    assert sum(each.last - each.first + 1 for each in seen.holes) == cloud.lab.lost.count

    first = audit.run(cloud.settings, None)
    assert findings(first) == {LYING: "agrees", CORRECTED: "corrected", SPOILT: "differs"}
    assert [each.open_time for each in first.mismatches if each.is_repaired] == [SPOILT, CORRECTED]
    assert len(cloud.objects() - before) == 3, "one for each repair, and one that leads to them"

    written = cloud.objects()
    again = audit.run(cloud.settings, None)
    assert cloud.objects() == written
    assert sum("in the lake already" in each.finding for each in again.mismatches) == 2

    cloud.load()
    for name in written - before:
        cloud.lab.lake.put_absent(name, cloud.lake.get(name))
    cloud.lab.load()
    healed = findings(audit.run(cloud.settings, None))
    assert healed == findings(cloud.lab.audit())
    assert healed == {LYING: "agrees"}, "the exchange's candle still contradicts its own trades"
