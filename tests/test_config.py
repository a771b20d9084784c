"""Settings: file, environment and flags, and one clear line for every mistake."""

from datetime import timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from candlewick import config
from candlewick.cli import app
from candlewick.config.showing import to_toml
from candlewick.errors import ConfigError


def write(folder: Path, text: str) -> Path:
    path = folder / "candlewick.toml"
    path.write_text(text)
    return path


def test_the_example_file_lists_the_defaults(tmp_path):
    example = config.load(write(tmp_path, config.EXAMPLE_FILE.read_text()))
    assert example.model_copy(update={"data": Path("candlewick-data")}) == config.Settings()


def test_the_environment_overrides_the_file_and_flags_override_both(tmp_path, monkeypatch):
    path = write(tmp_path, 'symbols = ["ethusdt"]\ntimezone = "UTC"\nhistory = "1h"\n')
    monkeypatch.setenv("CANDLEWICK_TIMEZONE", "Europe/Berlin")
    monkeypatch.setenv("CANDLEWICK_HISTORY", "2h")
    settings = config.load(path, history="3h")
    assert (settings.symbols, settings.timezone, settings.history) == (
        ("ETHUSDT",),
        "Europe/Berlin",
        timedelta(hours=3),
    )


def test_a_section_given_in_part_keeps_the_other_defaults(tmp_path, monkeypatch):
    monkeypatch.setenv("CANDLEWICK_DASHBOARD__PORT", "8600")
    settings = config.load(write(tmp_path, '[dashboard]\nhost = "::1"\n'))
    assert (settings.dashboard.host, settings.dashboard.port) == ("::1", 8600)


def test_folders_in_the_file_are_relative_to_the_file(tmp_path):
    settings = config.load(write(tmp_path, 'data = "here"\nlake = "s3://bucket/path"\n'))
    assert settings.mart_path == tmp_path / "here" / "mart"
    assert settings.lake_url == "s3://bucket/path"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("symbols = [", "not valid TOML"),
        ('symbol = ["BTCUSDT"]', "unknown key 'symbol'"),
        ("symbols = []", "expected at least one symbol"),
        ('symbols = ["BTC/USDT"]', "got 'BTC/USDT'"),
        ('symbols = ["*/USDT"]', "a pattern such as '*USDT', got '*/USDT'"),
        ('timezone = "Mars/Olympus"', "got 'Mars/Olympus'"),
        ('history = "six hours"', "got 'six hours'"),
        ("flush_seconds = 0", "flush_seconds"),
        ('prefix = "../up"', "got '../up'"),
        ("[dashboard]\nport = 99999", "dashboard.port"),
        ("[dashbord]\nport = 1", "unknown key 'dashbord'"),
        ('shard = "5/4"', "expected a shard such as '1/4', the first of four, got '5/4'"),
        ('shard = "0/4"', "got '0/4'"),
        ('warehouse = "snowflake"', "needs lake = 's3://bucket/path'"),
        ('ingest = "streaming"', "needs warehouse = 'snowflake'"),
        ('[s3]\nendpoint = "localhost:9000"', "s3.endpoint: expected an address"),
        ('[exchange]\nrest = ["api.binance.com"]', "expected an address such as 'https://api.binance.com'"),
        ('[exchange]\nrest = ["wss://stream.binance.com"]', "expected an address such as 'https://api.binance.com'"),
        (
            '[exchange]\nstreams = ["https://api.binance.com"]',
            "expected an address such as 'wss://stream.binance.com:9443'",
        ),
        ('[exchange]\narchive = "data.binance.vision"', "expected an address such as 'https://data.binance.vision'"),
        ('[s3]\nkms_key_id = "alias/tape"', "s3: kms_key_id needs server_side_encryption = 'aws:kms'"),
        ('[s3]\nweb_identity_token_file = "/run/token"', "s3: web_identity_token_file needs role_arn"),
        ('[s3]\nrole_arn = "recorder"', "got 'recorder'"),
        ('[s3]\nconditional_put = "perhaps"', "s3.conditional_put"),
        ("[s3]\nexpire_days = 30\ncold_days = 30", "cold_days must be less than expire_days"),
        ('[snowflake]\ndatabase = "CRYPTO; DROP"', "got 'CRYPTO; DROP'"),
        ('[snowflake]\nreader_role = "candlewick_loader"', "four different roles"),
    ],
)
def test_a_mistake_is_one_line_that_names_the_file_and_the_value(tmp_path, text, message):
    path = write(tmp_path, text)
    with pytest.raises(ConfigError) as caught:
        config.load(path)
    line = str(caught.value)
    assert line.startswith(str(path)) and message in line and "\n" not in line


@pytest.mark.parametrize("name", ["a?b", "a\\b", "a{{ b }}", "a{% b %}", "a{# b #}", "a\nb", "a\x1bb", "a\udcffb"])
@pytest.mark.parametrize("key", ["data", "lake"])
def test_a_folder_that_the_warehouse_cannot_use_is_one_line(tmp_path, key, name):
    with pytest.raises(ConfigError) as refusal:
        config.load(None, **{key: str(tmp_path / name)})
    line = str(refusal.value)
    assert line.startswith(f"the command line: {key}: expected a folder whose full path has no '?'")
    assert repr(str(tmp_path / name)) in line
    assert line.isprintable()


def test_a_home_below_such_a_folder_is_refused_before_anything_is_written(tmp_path, monkeypatch):
    here = tmp_path / "what?"
    here.mkdir()
    monkeypatch.chdir(here)
    for command in ("up --demo", "record", "warehouse --once", "backfill BTCUSDT --from=2024-08-09", "status"):
        done = CliRunner().invoke(app, command.split())
        assert done.exit_code != 0
        assert "has no '?'" in str(done.exception) + done.output
    assert list(here.iterdir()) == []


def test_spaces_quotes_and_any_letters_are_no_problem(tmp_path):
    home = tmp_path / "Ein Ordner 'mit' \"allem\" 1 & 50% [neu] {alt} * 数据"
    assert config.Settings(data=home, lake=str(home)).data == home


def test_a_file_that_was_named_but_is_not_there_is_an_error(tmp_path):
    with pytest.raises(ConfigError, match="no such file"):
        config.load(tmp_path / "candlewick.toml")


@pytest.mark.parametrize(
    ("section", "key", "chain"),
    [
        ("s3", "access_key", "AWS_ACCESS_KEY_ID"),
        ("s3", "secret_access_key", "profile"),
        ("s3", "aws_session_token", "role_arn"),
        ("snowflake", "password", "connections.toml"),
        ("snowflake", "private_key_file_pwd", "connections.toml"),
        ("snowflake", "token", "connections.toml"),
    ],
)
def test_a_secret_in_the_settings_is_refused_and_not_repeated(tmp_path, monkeypatch, section, key, chain):
    path = write(tmp_path, f'[{section}]\n{key} = "hunter2"\n')
    with pytest.raises(ConfigError) as from_file:
        config.load(path)
    monkeypatch.setenv(f"CANDLEWICK_{section}__{key}".upper(), "hunter2")
    with pytest.raises(ConfigError) as from_environment:
        config.load(write(tmp_path, ""))
    for caught in (from_file, from_environment):
        line = str(caught.value)
        assert f"{section}.{key}: a secret has no place" in line and chain in line
        assert "hunter2" not in line and "\n" not in line


def test_snowflake_names_are_upper_case_and_a_shard_counts_from_one(tmp_path):
    text = 'lake = "s3://tape"\nwarehouse = "snowflake"\nshard = "2/4"\n[snowflake]\ndatabase = "my_db"\n'
    settings = config.load(write(tmp_path, text))
    assert settings.snowflake.database == "MY_DB"
    assert settings.shard_of == (1, 4)


@pytest.mark.parametrize("text", ["btcusdt, ETHUSDT,", '["BTCUSDT", "ETHUSDT"]'])
def test_a_list_in_the_environment_is_written_with_commas_or_as_json(tmp_path, monkeypatch, text):
    monkeypatch.setenv("CANDLEWICK_SYMBOLS", text)
    monkeypatch.setenv("CANDLEWICK_EXCHANGE__REST", "https://a.example,https://b.example/")
    settings = config.load(write(tmp_path, 'symbols = ["SOLUSDT"]'))
    assert settings.symbols == ("BTCUSDT", "ETHUSDT")
    assert settings.exchange.rest == ("https://a.example", "https://b.example")


def test_a_section_in_the_environment_is_json_and_its_keys_can_be_given_beside(tmp_path, monkeypatch):
    monkeypatch.setenv("CANDLEWICK_DASHBOARD", '{"host": "::1", "port": 1}')
    monkeypatch.setenv("CANDLEWICK_DASHBOARD__PORT", "8600")
    settings = config.load(write(tmp_path, ""))
    assert (settings.dashboard.host, settings.dashboard.port) == ("::1", 8600)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("CANDLEWICK_SYMBOLS", "BTC/USDT", "symbols: expected a symbol"),
        ("CANDLEWICK_SYMBOLS", ",", "expected at least one symbol"),
        ("CANDLEWICK_SYMBOLS", "[BTCUSDT", "not valid JSON"),
        ("CANDLEWICK_HISTORY", "six hours", "got 'six hours'"),
        ("CANDLEWICK_DASHBOARD__PORT", "http", "dashboard.port"),
        ("CANDLEWICK_DASHBOARD", "8501", "dashboard"),
        ("CANDLEWICK_SYMBOL", "BTCUSDT", "no such setting; did you mean CANDLEWICK_SYMBOLS?"),
        ("CANDLEWICK_DASHBOARD_PORT", "8600", "no such setting; did you mean CANDLEWICK_DASHBOARD__PORT?"),
        ("CANDLEWICK_DASHBOARD__PROT", "8600", "no such setting; did you mean CANDLEWICK_DASHBOARD__PORT?"),
        ("CANDLEWICK_SYMBOLS__X", "1", "symbols"),
        ("CANDLEWICK_XYZZY", "1", "no such setting; `candlewick config show` lists them all"),
        ("CANDLEWICK_INGEST", "streaming", "needs warehouse = 'snowflake'"),
        ("CANDLEWICK_S3__KMS_KEY_ID", "k", "s3: kms_key_id needs"),
    ],
)
def test_a_mistake_in_the_environment_is_one_line_that_names_the_variable(tmp_path, monkeypatch, name, value, message):
    monkeypatch.setenv(name, value)
    with pytest.raises(ConfigError) as caught:
        config.load(write(tmp_path, ""))
    line = str(caught.value)
    assert line.startswith(f"{name}: ") and message in line and "\n" not in line


def test_what_does_not_fit_together_names_all_that_gave_it(tmp_path, monkeypatch):
    monkeypatch.setenv("CANDLEWICK_INGEST", "streaming")
    path = write(tmp_path, 'warehouse = "duckdb"')
    with pytest.raises(ConfigError, match=rf"^{path}, CANDLEWICK_INGEST: ingest = 'streaming' needs"):
        config.load(path)


def test_a_mistake_on_the_command_line_names_neither_file_nor_environment(tmp_path, monkeypatch):
    monkeypatch.setenv("CANDLEWICK_HISTORY", "1h")
    with pytest.raises(ConfigError, match=r"^the command line: history: expected a duration"):
        config.load(write(tmp_path, 'history = "2h"'), history="soon")


def test_a_mistake_in_the_file_is_not_blamed_on_a_variable_of_another_key(tmp_path, monkeypatch):
    monkeypatch.setenv("CANDLEWICK_DASHBOARD__HOST", "::1")
    path = write(tmp_path, "[dashboard]\nport = 99999")
    with pytest.raises(ConfigError, match=rf"^{path}: dashboard.port"):
        config.load(path)


def test_an_unknown_key_of_the_file_is_told_with_the_nearest_known_one(tmp_path):
    with pytest.raises(ConfigError, match=r"unknown key 'dashboard.prot'; did you mean 'dashboard.port'\?"):
        config.load(write(tmp_path, "[dashboard]\nprot = 1"))


def test_variables_that_are_no_settings_of_ours_are_let_be(tmp_path, monkeypatch):
    for name, value in {
        "CANDLEWICK_LOG_LEVEL": "debug",
        "CANDLEWICK_SERVICE_HOST": "10.0.0.1",
        "CANDLEWICK_SERVICE_PORT_HTTP": "8501",
        "CANDLEWICK_PORT": "tcp://10.0.0.1:8501",
        "CANDLEWICK_PORT_8501_TCP_ADDR": "10.0.0.1",
    }.items():
        monkeypatch.setenv(name, value)
    assert config.load(write(tmp_path, "")).symbols == ("BTCUSDT",)


def test_the_file_is_the_one_that_the_environment_names(tmp_path, monkeypatch):
    monkeypatch.setenv("CANDLEWICK_CONFIG", str(write(tmp_path, 'symbols = ["ETHUSDT"]')))
    assert config.load().symbols == ("ETHUSDT",)
    monkeypatch.setenv("CANDLEWICK_CONFIG", str(tmp_path / "none.toml"))
    with pytest.raises(ConfigError, match="no such file"):
        config.load()


def test_what_is_shown_is_a_settings_file_that_says_the_same_and_where_it_came_from(tmp_path, monkeypatch):
    monkeypatch.setenv("CANDLEWICK_DASHBOARD__PORT", "8600")
    path = write(tmp_path, 'symbols = ["BTCUSDT", "币安人生USDT"]\nhistory = "90m"\n')
    shown = to_toml(config.sources_of(path))
    monkeypatch.delenv("CANDLEWICK_DASHBOARD__PORT")
    assert config.load(write(tmp_path, shown)) == config.load(
        path, symbols=["BTCUSDT", "币安人生USDT"], history="90m", dashboard={"port": 8600}
    )
    lines = {line.partition(" = ")[0]: line.partition("  # ")[2] for line in shown.splitlines()}
    assert (lines["symbols"], lines["timezone"]) == (str(path), "")
    assert next(line for line in shown.splitlines() if "8600" in line).endswith("# CANDLEWICK_DASHBOARD__PORT")


def test_init_writes_the_example_once(tmp_path):
    path = tmp_path / "candlewick.toml"
    assert CliRunner().invoke(app, ["config", "init", str(path)]).exit_code == 0
    assert path.read_text() == config.EXAMPLE_FILE.read_text()
    again = CliRunner().invoke(app, ["config", "init", str(path)])
    assert isinstance(again.exception, ConfigError) and "is there already" in str(again.exception)
