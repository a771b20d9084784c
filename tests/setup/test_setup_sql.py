"""The SQL that sets up Snowflake: rendered from the settings, parsed in Snowflake's dialect, listed in the docs."""

import logging
import re
from pathlib import Path

import pytest
import sqlglot
from sqlglot import exp

from candlewick.config import S3Settings, Settings, SnowflakeSettings
from candlewick.errors import ConfigError
from candlewick.setup.sql import PIPE_SECTIONS, copy_statement, render, sections
from peers.snowflake_functions import needs_warehouse

ROOT = Path(__file__).parent.parent.parent
ROLE = "arn:aws:iam::123456789012:role/candlewick-SnowflakeRole"
SETTINGS = Settings(lake="s3://tape/path", warehouse="snowflake")
STATEMENTS = [
    statement
    for script in ("setup", "teardown")
    for section in sections(render(script, SETTINGS, ROLE))
    for statement in section.statements
]


def kind(statement: str) -> str:
    """The words that say what a statement does, as the table in docs/snowflake.md has them."""
    words = statement.replace("IF NOT EXISTS ", "").replace("IF EXISTS ", "").split()
    if words[0] == "GRANT":
        return "GRANT"
    if words[:2] in (["USE", "ROLE"], ["ALTER", "PIPE"]) or words[1] not in ("STORAGE", "FILE"):
        return " ".join(words[:2])
    return " ".join(words[:3])


@pytest.mark.parametrize("statement", STATEMENTS, ids=lambda statement: " ".join(statement.split())[:60])
def test_every_statement_is_one_statement_of_snowflakes(statement, caplog):
    caplog.set_level(logging.CRITICAL, "sqlglot")
    (parsed,) = sqlglot.parse(statement, read="snowflake")
    assert parsed is not None
    assert "{{" not in statement and not statement.endswith(";")


def test_every_kind_of_statement_is_in_the_docs_table_with_where_it_runs():
    text = (ROOT / "docs/snowflake.md").read_text()
    rows = dict(re.findall(r"^\| `([A-Z ]+)` \| ([^|]+) \|", text, re.MULTILINE))
    assert set(rows) >= {kind(statement) for statement in STATEMENTS}


def test_the_copy_is_understood_down_to_its_columns():
    """Not a fallback: sqlglot knows COPY, its select list and its options."""
    copy = sqlglot.parse_one(copy_statement(SETTINGS), read="snowflake")
    assert isinstance(copy, exp.Copy)
    assert [column.name for column in copy.this.expressions] == ["PAYLOAD", "OBJECT_NAME", "ROW_NUMBER", "LOADED_AT"]
    assert len(copy.args["files"][0].this.expressions) == 4
    assert "SYSDATE" not in copy_statement(SETTINGS), "Snowflake warns of it in a pipe: it can be hours early"


def test_names_come_from_the_settings():
    snowflake = SnowflakeSettings(
        database="tape_db", warehouse="w", pipe="p", stage="s", loader_role="l", reader_role="r", transformer_role="t"
    )
    text = render("setup", SETTINGS.model_copy(update={"snowflake": snowflake}), ROLE)
    assert "CREATE PIPE IF NOT EXISTS TAPE_DB.RAW.P" in text and "@TAPE_DB.RAW.S" in text
    assert "CRYPTO_DB" not in text and "CANDLEWICK_WH" not in text
    assert "'s3://tape/path/binance/raw/'" in text and f"'{ROLE}'" in text


def test_a_quote_in_a_path_stays_inside_its_text():
    text = render("setup", SETTINGS.model_copy(update={"lake": "s3://tape/it's"}), ROLE)
    for statement in (statement for section in sections(text) for statement in section.statements):
        assert len(sqlglot.parse(statement, read="snowflake")) == 1
    assert "'s3://tape/it''s/binance/raw/'" in text


def test_nothing_that_is_there_is_replaced():
    """A replaced pipe forgets what it loaded; a replaced integration has another external id."""
    for statement in STATEMENTS:
        assert "OR REPLACE" not in statement
        assert not statement.startswith("CREATE") or "IF NOT EXISTS" in statement
        assert not statement.startswith("DROP") or "IF EXISTS" in statement


def test_the_reader_reads_and_the_loader_only_loads():
    grants = [statement for statement in STATEMENTS if statement.startswith("GRANT")]
    reader = {grant.split(" ON ")[0] for grant in grants if grant.endswith("CANDLEWICK_READER")}
    assert reader == {"GRANT USAGE", "GRANT SELECT", "GRANT MONITOR"}
    assert not [grant for grant in grants if "RAW.BINANCE_RAW" in grant and grant.endswith("CANDLEWICK_READER")]
    loader = [grant for grant in grants if grant.endswith("CANDLEWICK_LOADER")]
    assert not [grant for grant in loader if re.search(r"SILVER|GOLD|DELETE|OWNERSHIP|ALL PRIVILEGES", grant)]
    assert not [grant for grant in grants if "ALL PRIVILEGES" in grant or "OWNERSHIP" in grant]


def test_streaming_needs_no_pipe_of_ours():
    text = render("setup", SETTINGS.model_copy(update={"ingest": "streaming"}), ROLE)
    assert "CREATE PIPE" not in text and "REFRESH" not in text
    assert "ALTER PIPE IF EXISTS CRYPTO_DB.RAW.BINANCE_PIPE SET PIPE_EXECUTION_PAUSED = TRUE" in text
    assert "PIPE_EXECUTION_PAUSED" not in render("setup", SETTINGS, ROLE)
    assert not PIPE_SECTIONS & {section.title for section in sections(text)}
    assert {section.title for section in sections(render("setup", SETTINGS, ROLE))} >= PIPE_SECTIONS


def test_what_duckdb_computes_needs_no_bucket_no_pipe_and_no_stream():
    text = render("setup", Settings(publish="snowflake"), "")
    assert not re.search(r"INTEGRATION|s3://|PIPE|STREAM|BINANCE_RAW", text)
    assert "CREATE STAGE IF NOT EXISTS CRYPTO_DB.RAW.CANDLEWICK_SENT" in text
    assert "CANDLEWICK_SENT" not in render("setup", SETTINGS, ROLE)


def test_a_lake_that_is_not_in_s3_cannot_be_loaded_by_snowflake():
    with pytest.raises(ConfigError, match="s3://bucket/path"):
        render("setup", Settings(s3=S3Settings()), ROLE)


def test_no_mistake_costs_more_than_the_monitor_lets_it():
    text = render("setup", SETTINGS, ROLE)
    assert "WITH CREDIT_QUOTA = 250" in text and text.count("SET RESOURCE_MONITOR = CANDLEWICK_MONITOR") == 2
    without = SnowflakeSettings(monthly_credits=0)
    for script in ("setup", "teardown"):
        assert "MONITOR CANDLEWICK" not in render(script, SETTINGS.model_copy(update={"snowflake": without}), ROLE)


def test_what_needs_a_warehouse_has_one_where_create_finds_everything_there():
    """CREATE WAREHOUSE IF NOT EXISTS makes one the session's only where it makes one."""
    for settings in (SETTINGS, Settings(publish="snowflake")):
        statements = [each for part in sections(render("setup", settings, ROLE)) for each in part.statements]
        needing = [place for place, each in enumerate(statements) if needs_warehouse(each)]
        assert all("USE WAREHOUSE CANDLEWICK_WH" in statements[:place] for place in needing)
        assert len(needing) == (0 if settings.publish else 1)


def test_what_is_deleted_lies_in_no_fail_safe():
    tables = [
        each for each in (*STATEMENTS, render("setup", Settings(publish="snowflake"), "")) if "TABLE IF NOT" in each
    ]
    assert len(tables) == 4 and not [each for each in tables if "CREATE TABLE IF" in each]


def test_what_the_models_take_comes_in_the_order_of_commits():
    (stream,) = [each for each in STATEMENTS if each.startswith("CREATE STREAM")]
    assert "ON TABLE CRYPTO_DB.RAW.BINANCE_RAW" in stream and "APPEND_ONLY = TRUE" in stream
    assert "SHOW_INITIAL_ROWS = TRUE" in stream, "what is there already when an account is upgraded is taken, too"
