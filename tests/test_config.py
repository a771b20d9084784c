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
        ('timezone = "Mars/Olympus"', "got 'Mars/Olympus'"),
        ('history = "six hours"', "got 'six hours'"),
        ("flush_seconds = 0", "flush_seconds"),
        ('prefix = "../up"', "got '../up'"),
        ("[dashboard]\nport = 99999", "dashboard.port"),
        ("[dashbord]\nport = 1", "unknown key 'dashbord'"),
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
