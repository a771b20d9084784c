"""The dashboard: one Streamlit server with the chart's page, its history over HTTP and its live bars over WebSocket."""
