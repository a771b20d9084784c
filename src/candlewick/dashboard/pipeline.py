"""The Pipeline page: is every hop alive, how fresh is it, and is the tape whole?"""

import streamlit as st

from candlewick.dashboard.site import Site


@st.fragment(run_every=5)
def pipeline(site: Site) -> None:
    """Draw the page, again every five seconds."""
    st.write(site.settings.symbols)
