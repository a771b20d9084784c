"""No setting says more than it is asked: not in SQL, not in a template, not where others can read it."""

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from candlewick import config
from candlewick.dashboard.routes.answers import without_paths
from candlewick.errors import ConfigError
from candlewick.process.files import replace_atomically
from candlewick.process.keyfile import key_if_any, key_in
from candlewick.setup.sql import render, sections

ARN = "arn:aws:iam::123456789012:role/snowflake"
HOSTILE = st.text(st.sampled_from("a1/'\"\\;\n\r- {}$%=:@." + "\u2028\0"), max_size=12)


def rendered(**more: object) -> list[tuple[str, int]]:
    loaded = config.load(None, **{"warehouse": "snowflake", "lake": "s3://bucket/path"} | more)
    found = sections(render("setup", loaded, loaded.snowflake.storage_role_arn))
    return [(section.title, len(section.statements)) for section in found]


PLAIN = rendered(snowflake={"storage_role_arn": ARN})


@settings(deadline=None, max_examples=40)
@given(HOSTILE, HOSTILE, HOSTILE)
def test_no_setting_adds_a_statement_to_the_set_up_or_takes_one_away(role: str, path: str, name: str) -> None:
    for more in (
        {"snowflake": {"storage_role_arn": ARN + role}},
        {"snowflake": {"storage_role_arn": ARN}, "lake": f"s3://bucket/path{path}"},
        {"snowflake": {"storage_role_arn": ARN, "stage": f"STAGE{name}"}},
        {"snowflake": {"storage_role_arn": ARN}, "prefix": f"binance{name}"},
    ):
        try:
            made = rendered(**more)
        except ConfigError as refused:
            assert "\n" not in str(refused)
            continue
        assert made == PLAIN


@pytest.mark.parametrize("key", ["streams", "rest", "archive"])
def test_an_address_with_a_password_is_refused_and_the_password_is_not_repeated(key: str) -> None:
    scheme = "wss" if key == "streams" else "https"
    url = f"{scheme}://ada:hunter2@stream.binance.com"
    with pytest.raises(ConfigError, match="without a user or password") as refused:
        config.load(None, exchange={key: url if key == "archive" else [url]})
    assert "hunter2" not in str(refused.value)


@settings(deadline=None, max_examples=40)
@given(HOSTILE)
def test_an_address_is_one_whatever_is_put_behind_it(more: str) -> None:
    try:
        loaded = config.load(None, exchange={"archive": f"https://data.binance.vision{more}"})
    except ConfigError as refused:
        assert "\n" not in str(refused)
        return
    assert "@" not in loaded.exchange.archive
    assert loaded.exchange.archive.isprintable()


@pytest.mark.parametrize("limit", ["1GB'; attach 'x", "2 GB --", "", "all"])
def test_a_memory_limit_is_a_size(limit: str) -> None:
    with pytest.raises(ConfigError, match="memory_limit"):
        config.load(None, duckdb={"memory_limit": limit})


def test_a_draft_is_never_opened_through_a_link_that_somebody_laid(tmp_path: Path) -> None:
    victim, target = tmp_path / "victim", tmp_path / "state.json"
    victim.write_text("precious")
    target.with_name(f".state.json.{os.getpid()}.tmp").symlink_to(victim)
    replace_atomically(target, b"new")
    assert (victim.read_text(), target.read_bytes()) == ("precious", b"new")


def test_a_key_that_others_can_read_or_that_is_a_link_is_believed_by_nobody(tmp_path: Path) -> None:
    key = tmp_path / "run" / "key"
    made = key_in(key)
    assert key_in(key) == made
    assert key.stat().st_mode & 0o077 == 0
    assert [path.name for path in key.parent.iterdir()] == ["key"]
    key.chmod(0o644)
    assert key_if_any(key) == ""
    with pytest.raises(ConfigError, match="only this user may read"):
        key_in(key)
    link = tmp_path / "link"
    link.symlink_to(key)
    assert key_if_any(link) == ""


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (
            "/srv/tape/mart: nothing is published yet; `candlewick up` publishes",
            "…: nothing is published yet; `candlewick up` publishes",
        ),
        ("IO Error: no file '/home/ada/mart/gold/x.parquet'", "IO Error: no file '…'"),
        ("log in at https://tape.example.com/candlewick/login", "log in at https://tape.example.com/candlewick/login"),
        ("GET /login", "GET /login"),
    ],
)
def test_a_viewer_sees_no_place_of_this_machine(text: str, shown: str) -> None:
    assert without_paths(text) == shown
