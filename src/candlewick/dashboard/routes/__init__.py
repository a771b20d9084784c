"""What the chart fetches over HTTP."""
