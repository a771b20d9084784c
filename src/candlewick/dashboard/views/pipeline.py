"""The Pipeline page: is every hop alive, how fresh is it, and is the tape whole?"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import streamlit as st

from candlewick import status
from candlewick.dashboard.health import health
from candlewick.dashboard.health.calendar import calendar_html, since, summary
from candlewick.dashboard.health.heat import HOURS, State, heat_html, share, states
from candlewick.dashboard.health.holdings import holdings, holdings_html
from candlewick.dashboard.health.hops import hops_html, latencies
from candlewick.dashboard.health.trends import beats_of
from candlewick.dashboard.markup import Html, section, words
from candlewick.dashboard.site import Site
from candlewick.dashboard.zone import reader_zone
from candlewick.errors import WarehouseError
from candlewick.moments import now_us
from candlewick.status.many import SHOWN_AT_MOST
from candlewick.warehouse.home import Days

EVERY_SECONDS = 5
NEWEST_GAPS = """
select symbol, first_missing_id, last_missing_id, missing_count, state, first_seen_at, filled_at
from gold.tape_gaps
order by state = 'filled', first_seen_at desc, symbol, first_missing_id
limit 12
"""
DAYS = "select * from gold.tape_days where symbol = ? and day >= ? order by day"
VERDICTS = "select open_time, status from gold.candle_audit where symbol = ? and open_time >= ?"


@st.fragment(run_every=EVERY_SECONDS)
def pipeline(site: Site) -> None:
    """Draw the page, again every five seconds."""
    report, beats, zone = status.collect(site.settings), beats_of(site.settings), reader_zone()
    _draw([health.tiles_html(report, beats, site.trends.numbers())])
    names = [symbol.symbol for symbol in report.symbols]
    symbol, typed = _choice(names)
    recorder = beats.get("recorder", {})
    if told := days(site, symbol, report.days):
        _draw([told])  # by itself: what is chosen in it stays while the rest is drawn anew
    _draw(
        [
            _from_warehouse(site, symbol, zone),
            health.tape_html(report.symbols, typed),
            health.audit_html(report.audit),
            health.gaps_html(newest_gaps(site), zone),
            health.legs_html(recorder),
            section("Holdings", holdings_html(holdings(site.settings, report.places))),
            health.ways_html(report, now_us()),
            health.skipped_html(report.skipped_objects),
        ]
    )


def _draw(parts: list[Html]) -> None:
    st.html(f'<div class="candlewick-health">{"".join(parts)}</div>')


def _choice(symbols: Sequence[str]) -> tuple[str, str]:
    """Let the reader choose the symbol whose minutes are shown, and search where there are many.

    Returns the symbol, and what was typed to find others.
    """
    if len(symbols) == 1:
        return symbols[0], ""
    with st.container(key="candlewick-symbols"):
        if len(symbols) > SHOWN_AT_MOST:
            left, right = st.columns(2)
            typed = right.text_input("Search the tape", placeholder="Search the tape", label_visibility="collapsed")
            return left.selectbox("Symbol", symbols, label_visibility="collapsed"), typed
        chosen = st.segmented_control("Symbol", symbols, default=symbols[0], label_visibility="collapsed")
    return chosen or symbols[0], ""


def _from_warehouse(site: Site, symbol: str, zone: ZoneInfo) -> Html:
    """What only the warehouse knows: the minutes of the newest day, and how long the newest trades took."""
    now = datetime.now(UTC).replace(tzinfo=None)
    try:
        known = minutes(site, symbol, now)
        rows = latencies(site.reader, now)
    except WarehouseError:
        return section("Completeness", words("Known as soon as the warehouse has published."))
    whole = share(known, now)
    title = f"Completeness of {symbol}" + ("" if whole is None else f" · {whole:.2%} of its minutes")
    heat = section(f"{title} · hours in {zone.key}", heat_html(known, now, zone))
    return Html(heat + section("From the exchange's clock", hops_html(rows)))


def days(site: Site, symbol: str, known: Days) -> Html:
    """The calendar of a symbol; the warehouse is asked only where what is `known` of days has changed."""
    today = datetime.now(UTC).date()
    if not known.counts:
        return Html("")
    if site.calendars.get(symbol, (None,))[0] != (today, known):
        try:
            rows = site.reader.query(DAYS, [symbol, since(today)]).to_pylist()
        except WarehouseError:
            return Html("")
        title = " · ".join(part for part in (f"Days of {symbol}", summary(rows)) if part)
        site.calendars[symbol] = (today, known), section(title, calendar_html(symbol, rows, today))
    return site.calendars[symbol][1]


def minutes(site: Site, symbol: str, now: datetime) -> dict[datetime, State]:
    """The state of every minute of the newest 24 hours that has a candle."""
    since = now - timedelta(hours=HOURS)
    candles = site.reader.candles(symbol, "1m", since, None, None).to_pylist()
    verdicts = site.reader.query(VERDICTS, [symbol, since]).to_pylist()
    return states(candles, {row["open_time"]: row["status"] for row in verdicts})


def newest_gaps(site: Site) -> list[dict[str, Any]] | None:
    """The newest holes, those that are open before all others; None before the first version of the mart."""
    try:
        rows: list[dict[str, Any]] = site.reader.query(NEWEST_GAPS).to_pylist()
    except WarehouseError:
        return None
    return rows
