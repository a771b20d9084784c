"""The Streamlit pages beside the chart."""
