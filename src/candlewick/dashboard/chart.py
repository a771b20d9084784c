"""The chart as a Streamlit component: a file of JavaScript that fetches its own data. Python passes settings only."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import streamlit as st

from candlewick.dashboard.site import ASSETS
from candlewick.dashboard.zone import CHART, keep_zone
from candlewick.errors import ConfigError

NAME = "candlewick.chart"
SCRIPT = "chart-*.js"


def script_name() -> str:
    """Return the file name of the built script; raises ConfigError where it was not built."""
    names = sorted(path.name for path in ASSETS.glob(SCRIPT))
    if len(names) != 1:
        raise ConfigError(f"{ASSETS}: expected one built {SCRIPT}, found {len(names)}; run `pip install --editable .`")
    return names[0]


@lru_cache(maxsize=1)
def _component() -> Callable[..., object]:
    component: Callable[..., object] = st.components.v2.component(NAME, js=SCRIPT)
    return component


def chart(config: dict[str, Any]) -> str | None:
    """Draw the chart on the page; returns the path of the page that its menu leads to, if one was just chosen.

    Its key keeps it one element, so a rerun of the script never mounts it anew.
    """
    told: Any = _component()(data=config, key=CHART, on_zone_change=keep_zone, on_page_change=lambda: None)
    page: str | None = told.page
    return page
