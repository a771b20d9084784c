"""Settings: file, environment and flags, and one clear line for every mistake."""

from datetime import timedelta
from pathlib import Path

import pytest

from candlewick import config
from candlewick.errors import ConfigError

ROOT = Path(__file__).parent.parent


def write(folder: Path, text: str) -> Path:
    path = folder / "candlewick.toml"
    path.write_text(text)
    return path


def test_the_example_file_lists_the_defaults(tmp_path):
    example = config.load(write(tmp_path, (ROOT / "candlewick.example.toml").read_text()))
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
