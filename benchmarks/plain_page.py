"""The page that most people would write: Streamlit's own chart in a fragment that runs again every five seconds.

Run by dashboard.py. It reads the same mart as the dashboard; plotly would be the usual choice, and is no dependency of
ours, so this takes the chart that comes with Streamlit (Vega-Lite).
"""

import os
import time
from pathlib import Path

import streamlit as st

from candlewick.mart.reader import Mart

CANDLES = int(os.environ["PLAIN_CANDLES"])
MART = Mart(Path(os.environ["PLAIN_MART"]))
SYMBOL, TIMEFRAME = os.environ["PLAIN_SYMBOL"], os.environ["PLAIN_TIMEFRAME"]
COLOUR = {"condition": {"test": "datum.close >= datum.open", "value": "#089981"}, "value": "#f23645"}
TIME = {"field": "open_time", "type": "temporal"}


@st.fragment(run_every=5)
def chart() -> None:
    table = MART.candles(SYMBOL, TIMEFRAME, limit=CANDLES).select(["open_time", "open", "high", "low", "close"])
    newest = max(mark.traded_at for mark in MART.current().watermarks.values())
    frame = table.to_pandas().astype(dict.fromkeys(("open", "high", "low", "close"), float))
    wick = {"y": {"field": "low", "type": "quantitative", "scale": {"zero": False}}, "y2": {"field": "high"}}
    body = {"y": {"field": "open", "type": "quantitative"}, "y2": {"field": "close"}}
    spec = {
        "height": 600,
        "encoding": {"x": TIME, "color": COLOUR},
        "layer": [{"mark": "rule", "encoding": wick}, {"mark": "bar", "encoding": body}],
    }
    st.vega_lite_chart(frame, spec)
    st.html(f'<i id="told" data-run="{time.time()}" data-newest="{newest.timestamp()}">{len(frame)} candles</i>')


chart()
