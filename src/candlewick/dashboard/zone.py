"""The zone that a reader chose on the chart, for the pages that Python draws.

The chart tells it to Streamlit whenever it changes, and leaves it in a cookie for a page that is opened directly.
"""

from urllib.parse import unquote
from zoneinfo import ZoneInfo

import streamlit as st

from candlewick.moments import zone_names

COOKIE = "candlewick-zone"
CHART = "chart"
"""The chart's key: what it tells is in the session under it."""
_KEPT = "candlewick-zone"
BROWSER = "browser"
"""The name that the chart gives to the zone of the reader's machine."""


def keep_zone() -> None:
    """Keep what the chart told of the zone: what a component told is gone with its page."""
    told = (st.session_state.get(CHART) or {}).get("zone")
    if isinstance(told, str):
        st.session_state[_KEPT] = told


def reader_zone() -> ZoneInfo:
    """The zone of whoever looks at the page: as chosen on the chart, else the browser's, else UTC."""
    chosen = st.session_state.get(_KEPT) or unquote(st.context.cookies.get(COOKIE, BROWSER))
    return zone_named(chosen if chosen != BROWSER else st.context.timezone or "UTC")


def zone_named(name: str) -> ZoneInfo:
    """The zone of an IANA name; UTC where there is none of that name."""
    return ZoneInfo(name if name in zone_names() else "UTC")
