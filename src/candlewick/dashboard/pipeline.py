"""The Pipeline page: is every hop alive, how fresh is it, and is the tape whole?"""

from typing import Any

import streamlit as st

from candlewick import heartbeat, status
from candlewick.dashboard.health import health_html
from candlewick.dashboard.site import Site
from candlewick.errors import WarehouseError

EVERY_SECONDS = 5
NEWEST_GAPS = """
select symbol, first_missing_id, last_missing_id, missing_count, state, first_seen_at, filled_at
from gold.tape_gaps
order by state = 'filled', first_seen_at desc
limit 12
"""


@st.fragment(run_every=EVERY_SECONDS)
def pipeline(site: Site) -> None:
    """Draw the page, again every five seconds."""
    beats = {name: heartbeat.read(site.settings.run_path, name) or {} for name in status.PROCESSES}
    st.html(health_html(status.collect(site.settings), beats, newest_gaps(site)))


def newest_gaps(site: Site) -> list[dict[str, Any]] | None:
    """The newest holes, those that are open before all others; None before the first version of the mart."""
    try:
        rows: list[dict[str, Any]] = site.reader.query(NEWEST_GAPS).to_pylist()
    except WarehouseError:
        return None
    return rows
