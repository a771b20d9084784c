"""The Data page in a real browser: ask, read, take away; and nothing more."""

import csv
from pathlib import Path

import pyarrow.parquet as pq
from playwright.sync_api import Page

from browser.conftest import Visit

ROWS = ".candlewick-data:not(.schema) tbody tr"


def ask(page: Page, statement: str) -> None:
    page.get_by_label("SQL").fill(statement)
    page.get_by_role("button", name="Run").click()


def test_an_example_runs_at_once_and_a_statement_of_ones_own_after_it(visit: Visit) -> None:
    page = visit("/data").page
    page.locator(ROWS).nth(20).wait_for()
    ask(page, "select 6 * 7 as answer")
    page.locator(ROWS, has=page.get_by_text("42", exact=True)).wait_for()
    assert page.locator(ROWS).count() == 1


def test_the_whole_answer_can_be_taken_away_as_csv_and_parquet(visit: Visit, tmp_path: Path) -> None:
    page = visit("/data").page
    ask(page, "select trade_id, price from silver.trades_deduped where symbol = 'BTCDEMO' order by trade_id limit 1000")
    page.get_by_text("the first 500 rows").wait_for()
    taken = {}
    for name in ("CSV", "Parquet"):
        with page.expect_download() as download:
            page.get_by_role("button", name=name).click()
        taken[name] = tmp_path / download.value.suggested_filename
        download.value.save_as(taken[name])
    with taken["CSV"].open() as file:
        rows = list(csv.DictReader(file))
    table = pq.read_table(taken["Parquet"]).to_pylist()
    assert len(rows) == 1_000
    assert [(int(row["trade_id"]), row["price"]) for row in rows] == [(r["trade_id"], str(r["price"])) for r in table]


def test_what_would_write_or_leave_the_warehouse_is_refused_in_plain_words(visit: Visit) -> None:
    page = visit("/data").page
    for statement, says in (
        ("drop view gold.candle_audit", "expected a SELECT, got DROP"),
        ("with x as (copy (select 1) to '/tmp/x.csv') select * from x", "file system operations are disabled"),
        ("select * from read_text('/etc/passwd')", "file system operations are disabled"),
    ):
        ask(page, statement)
        page.get_by_text(says).wait_for()


def test_a_statement_is_still_there_after_a_visit_of_another_page(visit: Visit) -> None:
    page = visit("/data").page
    page.locator(ROWS).first.wait_for()
    ask(page, "select 6 * 7 as answer")
    page.locator(ROWS, has=page.get_by_text("42", exact=True)).wait_for()
    page.get_by_test_id("stTopNavLink").filter(has_text="Pipeline").click()
    page.locator(".tile").first.wait_for()
    page.get_by_test_id("stTopNavLink").filter(has_text="Data").click()
    page.locator(ROWS, has=page.get_by_text("42", exact=True)).wait_for()
    assert page.get_by_label("SQL").input_value() == "select 6 * 7 as answer"
