"""Snowflake: a connection by its name in connections.toml, and its errors in one line each."""
