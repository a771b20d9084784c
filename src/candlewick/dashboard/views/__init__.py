"""The Streamlit pages beside the chart. A folder called `pages` would be Streamlit's own: it serves what lies there."""
