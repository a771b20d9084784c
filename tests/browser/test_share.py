"""What a reader takes away: bars as files, and a picture."""

import csv
import io
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow.parquet as pq

from browser.conftest import Visit
from browser.hands import SERIES, button, keys
from browser.visitor import HOOK
from candlewick.mart.reader import Mart
from e2e.stack import Stack


def test_what_is_on_screen_is_exported_with_the_warehouses_digits(visit: Visit, demo: Stack, tmp_path: Path) -> None:
    visitor = visit(SERIES).wait_for_bars()
    visitor.scroll_back()
    edges = (
        f"[Math.max(0, Math.ceil({HOOK}.view().from)), Math.floor({HOOK}.view().to)]"
        f".map((at) => {HOOK}.bars()[at].time)"
    )
    first, last = (datetime.fromtimestamp(time, UTC).replace(tzinfo=None) for time in visitor.ask(edges))
    expected = [
        row
        for row in Mart(demo.settings.mart_path).candles("BTCDEMO", "1m").to_pylist()
        if first <= row["open_time"] <= last
    ]
    files = {}
    for kind in ("CSV", "Parquet"):
        button(visitor, "Picture and export").click()
        with visitor.page.expect_download() as download:
            visitor.page.get_by_role("menuitem", name=f"Visible bars as {kind}").click()
        ends = [f"{at:%Y%m%dT%H%M%SZ}" for at in (first, last + timedelta(minutes=1))]
        assert download.value.suggested_filename == f"BTCDEMO-1m-{ends[0]}-{ends[1]}.{kind.lower()}"
        files[kind] = tmp_path / kind
        download.value.save_as(files[kind])
    table = pq.read_table(files["Parquet"]).to_pylist()
    assert len(expected) > 10
    assert [(row["open_time"], row["close"]) for row in table] == [(row["open_time"], row["close"]) for row in expected]
    written = list(csv.DictReader(io.StringIO(files["CSV"].read_text())))
    assert [row["close"] for row in written] == [str(row["close"]) for row in expected]


def test_a_picture_of_the_chart_is_saved(visit: Visit, tmp_path: Path) -> None:
    visitor = visit(SERIES).wait_for_bars()
    with visitor.page.expect_download() as download:
        keys(visitor, "Alt+s")
    picture = tmp_path / "picture.png"
    download.value.save_as(picture)
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert download.value.suggested_filename.startswith("BTCDEMO-1m-")
