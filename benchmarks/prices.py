"""What is known about costs and seconds, and from where: prices, limits, estimates and hops (`cost.py`)."""

from dataclasses import dataclass

MONTH_HOURS = 730
GB = 1e9


@dataclass(frozen=True)
class Price:
    """A price or limit, and where it is from."""

    value: float
    unit: str
    source: str
    read: str


PUT = Price(0.005 / 1000, "$ a PUT or LIST, S3 Standard, us-east-1", "c3x.dev, S3 request fees (secondary)", "2026-11")
GET = Price(0.0004 / 1000, "$ a GET, S3 Standard, us-east-1", "c3x.dev, S3 request fees (secondary)", "2026-11")
STORED = Price(
    0.023, "$ a GB and month, S3 Standard, first 50 TB", "deepeshsoni.com, S3 pricing (secondary)", "2026-11"
)
CREDIT = Price(
    2.0, "$ a credit, Standard edition, on demand, AWS US East", "finout.io, Snowflake pricing (secondary)", "2026-11"
)
XS = Price(
    1.0, "credit an hour, X-Small, by the second, 60 s at least", "brilworks.com, amnic.com (secondary)", "2026-11"
)
SNOWPIPE = Price(
    0.0037,
    "credits a GB, text by its uncompressed size, no charge per file",
    "docs.snowflake.com, Snowpipe costs (the model); seemoredata.io (the rate)",
    "2026-11",
)
STORED_THERE = Price(
    0.023,
    "$ a GB and month, Snowflake's storage, on demand, AWS US",
    "finout.io, Snowflake pricing (secondary)",
    "2026-11",
)
PRICES = (PUT, GET, STORED, CREDIT, XS, SNOWPIPE, STORED_THERE)


@dataclass(frozen=True)
class Estimates:
    """What is neither measured nor documented."""

    rank_exponent: float = 0.7
    run_seconds: float = 10.0
    silver_bytes: float = 40.0
    raw_days: float = 2.0
    list_seconds: float = 1.0


@dataclass(frozen=True)
class Scenario:
    """One recorder: its symbols, its trades a second and its mean object, in bytes."""

    symbols: int
    flush_seconds: int
    trades_per_second: float
    text_bytes: float
    packed_bytes: float
    values_bytes: float

    @property
    def objects(self) -> float:
        """Objects a month."""
        return MONTH_HOURS * 3600 / self.flush_seconds

    def monthly_gb(self, object_bytes: float) -> float:
        """GB a month of so many bytes an object."""
        return self.objects * object_bytes / GB


@dataclass(frozen=True)
class Hop:
    """A part of a trade's way: usual seconds from and to, the budget of its 99th percentile, and how that is known."""

    name: str
    low: float
    high: float
    p99: float
    known: str


TO_S3 = (
    Hop("exchange → recorder", 0.1, 0.1, 0.5, "estimate; `candlewick status` shows what yours is"),
    Hop("wait for the flush", 0.5, 0.5, 1.0, "arithmetic: uniform in 0 … `flush_seconds`"),
    Hop("PUT to S3", 0.1, 0.1, 0.5, "estimate; not measured on AWS"),
)
FILES = (
    Hop("S3 → notification", 1, 3, 10, '"in seconds but can sometimes take a minute or longer" (AWS, S3 user guide)'),
    Hop("Snowpipe: queue and load", 10, 30, 30, 'what this is built for; Snowflake says "within minutes", no bound'),
)
STREAMING = (
    Hop("… or: the streamer finds the object", 0.5, 0.5, 1, "arithmetic: it looks every second"),
    Hop("… waits in the SDK", 0.5, 0.5, 1, "arithmetic: uniform in 0 … `streaming_lag_seconds`"),
    Hop("… Snowpipe Streaming", 5, 10, 10, '"latencies within 5 to 10 seconds" (Snowflake)'),
)
TO_CHART = (
    Hop("wait for the dashboard's poll", 2.5, 2.5, 5, "arithmetic: uniform in 0 … `poll_seconds`"),
    Hop("query of a `…_LIVE` view", 1, 1, 3, "estimate; 1-2 s more when the warehouse has to resume"),
)
