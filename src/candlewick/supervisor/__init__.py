"""Runs the recorder, the warehouse and the dashboard, and starts again what ends."""
