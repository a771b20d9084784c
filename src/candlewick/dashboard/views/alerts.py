"""The Alerts page: what the server watches for, what rang, and what a webhook has not taken."""

from zoneinfo import ZoneInfo

import streamlit as st

from candlewick.dashboard.alerts.alert import Alert
from candlewick.dashboard.markup import Html, mark, section, table, words
from candlewick.dashboard.site import Site
from candlewick.dashboard.zone import reader_zone
from candlewick.moments import at, in_zone, now_us

EVERY_SECONDS = 5
RINGS = 200
KINDS = {
    "cross": "comes to",
    "above": "rises to",
    "below": "falls to",
    "stale": "the newest trade is older than",
    "hole": "trades are missing",
    "mismatch": "a candle is not the exchange's own",
    "seal": "a day cannot be sealed",
}


@st.fragment(run_every=EVERY_SECONDS)
def alerts(site: Site) -> None:
    """Draw the page, again every five seconds. Alerts are made and changed on the chart, by its bell."""
    zone = reader_zone()
    parts = [_watched(site.watch.alerts, now_us(), zone), _rang(site, zone), _waiting(site)]
    st.html(f'<div class="candlewick-health">{"".join(parts)}</div>')


def _watched(kept: list[Alert], now: int, zone: ZoneInfo) -> Html:
    if not kept:
        return section(
            "Alerts", words("None yet. The bell above the chart makes them, and Alt+A one at the crosshair.")
        )
    rows = [(each.symbol or "all", _told(each), each.note, _standing(each, now, zone)) for each in kept]
    return section("Alerts", table(("symbol", "rings when it", "note", "state"), rows))


def _told(alert: Alert) -> str:
    if alert.kind == "indicator":
        return f"{alert.indicator} on {alert.timeframe} {KINDS[alert.side]} {alert.level or 'the close'}"
    level = f"{alert.level} s" if alert.kind == "stale" else alert.level
    return f"{KINDS[alert.kind]} {level}".strip() + (", every time" if alert.repeats else "")


def _standing(alert: Alert, now: int, zone: ZoneInfo) -> Html:
    if alert.expires_at is not None and alert.expires_at <= now:
        return mark("over", "off")
    if not alert.is_armed:
        return mark(f"rang {_clock(alert.rang_at, zone)}" if alert.rang_at else "off", "off")
    return mark("waits" if alert.expires_at is None else f"waits until {_clock(alert.expires_at, zone)}", "good")


def _rang(site: Site, zone: ZoneInfo) -> Html:
    rings = [ring for _, ring in reversed(site.watch.book.rings(limit=RINGS))]
    rows = [(_clock(ring.at, zone), ring.symbol, ring.text, str(ring.trade_id or "")) for ring in rings]
    content = table((f"when ({zone.key})", "symbol", "what", "trade"), rows) if rows else words("Nothing yet.")
    return section("What rang", content)


def _waiting(site: Site) -> Html:
    """What the receiver of a webhook has not taken; nothing without one."""
    if site.webhook is None:
        return Html("")
    rows = [(key, str(tries), answer) for key, tries, answer in site.watch.book.undelivered()]
    content = (
        table(("ring", "tries", "answer"), rows, numbers={1}) if rows else words("The webhook has taken everything.")
    )
    return section("Webhook", content)


def _clock(time_us: int, zone: ZoneInfo) -> str:
    return f"{in_zone(at(time_us), zone):%Y-%m-%d %H:%M:%S}"
