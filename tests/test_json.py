"""What commands print for programs is what the schemas in docs/schemas say, and each such command has one."""

import importlib
import json
import re
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from jsonschema import ValidationError
from typer.main import get_command
from typer.testing import CliRunner

from candlewick.cli import app
from candlewick.fake_binance.server.background import BackgroundExchange
from candlewick.fake_binance.server.options import ExchangeOptions
from made.schemas import SCHEMAS, validated

ROOT = Path(__file__).parent.parent
SYMBOL = "BTCDEMO"
DAY = datetime.now(UTC).date() - timedelta(days=2)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Run a command for programs, against a local exchange with some days of history; its exit code and output."""
    home = tmp_path_factory.mktemp("json")
    options = ExchangeOptions(port=0, symbols=(SYMBOL,), rate=0.02, history=timedelta(days=4), weight_limit=1_000_000)
    with BackgroundExchange(options) as background:
        url = background.exchange.rest_url
        (home / "candlewick.toml").write_text(
            f'symbols = ["{SYMBOL}"]\ndata = "{home}"\nprefix = "demo"\ntimezone = "UTC"\n[feed]\nport = 0\n'
            f'[exchange]\nrest = ["{url}"]\narchive = "{url}"\nstreams = ["{url.replace("http", "ws")}"]\n'
        )

        def run(*arguments: str, code: int | None = 0) -> str:
            done = CliRunner().invoke(app, [*arguments, "--json", "-c", str(home / "candlewick.toml")])
            assert code is None or done.exit_code == code, (done.output, done.exception)
            return done.stdout

        run.home = home
        yield run


def test_a_day_from_the_archive_to_its_proof_is_told_to_programs(run):
    filled = validated("backfill", run("backfill", SYMBOL, "--from", str(DAY), "--to", str(DAY)))
    assert filled["is_complete"] and filled["trades"] > 1_000
    assert validated("seal", run("seal", "--day", str(DAY)))[0]["state"] == "sealed"
    published = validated("warehouse", run("warehouse", "--once"))
    assert published["version"] >= 1 and published["traded_at"].startswith(f"{DAY}T23:5")
    assert validated("audit", run("audit", "--offline", code=None))["symbols"][SYMBOL]["match"] > 1_000
    assert validated("audit-lake", run("audit", "--lake"))["sealed"]["trades"] == filled["trades"]
    assert not validated("status", run("status", code=1))["is_healthy"]
    proof = run.home / "day.proof.zip"
    proved = validated("prove", run("prove", SYMBOL, str(DAY), "-o", str(proof)))
    assert proved["bytes"] == proof.stat().st_size and proved["days"][0]["day"] == str(DAY)
    assert validated("rebuild", run("rebuild"))["version"] > published["version"]
    assert validated("doctor", run("doctor"))["is_well"]
    assert validated("user-list", run("user", "list")) == []


def test_the_schedulers_examples_do_the_same_in_plain_python(run, monkeypatch):
    """The decorators are stood in for: each gives back its function, as it is called, and nothing is scheduled."""
    monkeypatch.syspath_prepend(str(ROOT / "examples"))
    config, day = str(run.home / "candlewick.toml"), str(DAY)
    daily = importlib.import_module("daily")
    assert daily.fill(SYMBOL, day, config) == 0, "a second time there is nothing to do"
    assert daily.load(config) >= 1 and daily.prove(SYMBOL, day, config)["match"] > 1_000
    with pytest.raises(RuntimeError, match=r"^candlewick backfill: error .*candlewick.toml"):
        daily.fill(SYMBOL, day, "/nowhere/candlewick.toml")

    def plain(function=None, **_options):
        return function if function else plain

    monkeypatch.setattr(daily, "fill", lambda *asked: asked)
    monkeypatch.setattr(daily, "load", lambda *asked: asked)
    monkeypatch.setattr(daily, "prove", lambda *asked: asked)
    for name, members in {"airflow": {}, "airflow.decorators": {"dag": plain, "task": plain}}.items():
        monkeypatch.setitem(sys.modules, name, SimpleNamespace(**members))
    assert importlib.import_module("airflow_dag").candlewick_day.__doc__.startswith("Fill the day before")
    names = ("AssetExecutionContext", "DailyPartitionsDefinition", "Definitions")
    members = dict.fromkeys(names, SimpleNamespace) | {"asset": plain}
    monkeypatch.setitem(sys.modules, "dagster", SimpleNamespace(**members))
    assets = importlib.import_module("dagster_assets")
    context = SimpleNamespace(partition_key=day)
    assert assets.tape(context) == (assets.SYMBOL, day, assets.CONFIG) == assets.verdict(context, 1)
    assert assets.definitions.assets == [assets.tape, assets.candles, assets.verdict]


def test_what_is_not_as_the_schema_says_is_refused(run):
    told = json.loads(run("status", code=1))
    for other in (told | {"more": 1}, told | {"gaps": "none"}, {name: told[name] for name in [*told][1:]}):
        with pytest.raises(ValidationError):
            validated("status", json.dumps(other))


WITHOUT = {
    "up", "record", "warehouse", "dashboard", "exchange", "load", "config init", "config show", "config path",
    "setup aws", "setup snowflake", "sql", "user add", "user token", "user remove", "user link",
}  # fmt: skip
"""What prints no result, or not as one line of JSON; `warehouse` has one with `--once`."""


@pytest.mark.parametrize("command", ["warehouse", "seal --due"])
def test_json_is_refused_where_there_is_no_result(command):
    done = CliRunner().invoke(app, [*command.split(), "--json"])
    assert done.exit_code == 2 and "--json" in done.output


def test_the_page_says_which_commands_print_nothing_for_programs():
    commands = get_command(app).commands  # type: ignore[attr-defined]
    page = (ROOT / "docs/automation.md").read_text()
    told = set(re.findall(r"`([^`]+)`", page.partition("Without `--json`: ")[2].partition("\n\n")[0]))
    assert told == WITHOUT
    named = {
        f"{name} {sub}".strip()
        for name, command in commands.items()
        for sub, each in (getattr(command, "commands", None) or {"": command}).items()
        if not any("--json" in option.opts for option in each.params)
    }
    assert named | {"warehouse"} == told


def test_each_command_that_prints_for_programs_has_a_schema_and_the_page_names_it():
    commands = get_command(app).commands  # type: ignore[attr-defined]
    named = {
        f"{name}-{sub}" if sub else name
        for name, command in commands.items()
        for sub, each in (getattr(command, "commands", None) or {"": command}).items()
        if any("--json" in option.opts for option in each.params)
    }
    assert named | {"audit-lake"} == {path.stem for path in SCHEMAS.glob("*.json")}
    page = (ROOT / "docs/automation.md").read_text()
    assert {path.stem for path in SCHEMAS.glob("*.json")} == set(re.findall(r"schemas/([\w-]+)\.json", page))
