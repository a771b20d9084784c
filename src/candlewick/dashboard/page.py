"""The script that Streamlit runs for each visit: four pages, and the look that makes them one screen."""

from pathlib import Path

import streamlit as st

from candlewick.dashboard.chart import chart
from candlewick.dashboard.site import served
from candlewick.dashboard.views.alerts import alerts
from candlewick.dashboard.views.data import data
from candlewick.dashboard.views.pipeline import pipeline

HERE = Path(__file__).parent


def chart_page() -> None:
    """The chart, edge to edge: its own bar leads to the other pages, so that Streamlit's is not shown."""
    st.html(HERE / "chart.css")
    chosen = chart(served().chart_config() | {"pages": [[page.url_path, page.title] for page in OTHERS]})
    for page in OTHERS:
        if page.url_path == chosen:
            st.switch_page(page)


def pipeline_page() -> None:
    """The health of the way from the exchange to the chart."""
    pipeline(served())


def alerts_page() -> None:
    """What is watched for, and what rang."""
    alerts(served())


def data_page() -> None:
    """SQL over the warehouse."""
    data(served())


st.set_page_config(page_title="Candlewick", page_icon=str(HERE / "assets/candlewick.svg"), layout="wide")
st.html(HERE / "page.css")
st.logo(str(HERE / "assets/candlewick.svg"), size="small")
OTHERS = [
    st.Page(pipeline_page, title="Pipeline", url_path="pipeline"),
    st.Page(alerts_page, title="Alerts", url_path="alerts"),
    st.Page(data_page, title="Data", url_path="data"),
]
CHART = st.Page(chart_page, title="Chart", default=True, url_path="chart-page")
st.navigation([CHART, *OTHERS], position="top").run()
