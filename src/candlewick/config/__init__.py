"""Configuration: `candlewick.toml`, then `CANDLEWICK_*` variables, then flags; each overrides the one before.

Every value is checked once, here; the rest of the code receives a frozen `Settings` and never looks at the
environment. Secrets have no key in the file: object stores and warehouses take them from their own chains.
"""

from candlewick.config.cloud import S3Settings, SnowflakeSettings
from candlewick.config.folders import check_home
from candlewick.config.loading import CONFIG_FILE, DEMO_FILE, DEMO_HOME, EXAMPLE_FILE, file_of, load, sources_of
from candlewick.config.sections import (
    AlertSettings,
    DashboardSettings,
    DuckDBSettings,
    Duration,
    ExchangeSettings,
    FeedSettings,
    OidcSettings,
    ProbeSettings,
    parse_duration,
)
from candlewick.config.settings import Settings

__all__ = [
    "CONFIG_FILE",
    "DEMO_FILE",
    "DEMO_HOME",
    "EXAMPLE_FILE",
    "AlertSettings",
    "DashboardSettings",
    "DuckDBSettings",
    "Duration",
    "ExchangeSettings",
    "FeedSettings",
    "OidcSettings",
    "ProbeSettings",
    "S3Settings",
    "Settings",
    "SnowflakeSettings",
    "check_home",
    "file_of",
    "load",
    "parse_duration",
    "sources_of",
]
