"""`candlewick.toml`, of whatever text: settings, or one line that says what is wrong."""

from hypothesis import given
from hypothesis import strategies as st

from candlewick.config import Settings, load
from candlewick.errors import ConfigError
from fuzz.mutants import mutated

TOML = """
symbols = ["BTCUSDT", "ETH*"]
data = "here"
lake = ""
prefix = "binance"
recorder = "r1"
history = "6h"
shard = "1/2"
flush_seconds = 1.0
timezone = "Asia/Kolkata"
[exchange]
streams = ["wss://stream.binance.com:9443"]
rest = ["https://api.binance.com"]
[feed]
port = 9464
[duckdb]
raw_days = 7
memory_limit = "1GB"
[dashboard]
port = 8501
[s3]
region = "ap-south-1"
"""
KEYS = ["symbols", "data", "lake", "prefix", "recorder", "history", "shard", "flush_seconds", "timezone", "warehouse"]
values = (
    st.integers()
    | st.floats()
    | st.booleans()
    | st.text(max_size=12).map(lambda text: repr(text.encode("ascii", "replace").decode()).replace("'", '"'))
    | st.sampled_from(['"1d"', '"-1h"', '"0/0"', '"9999999999d"', '[""]', "[]", "{}", '"s3://"', '"../.."', '"*"'])
).map(lambda value: str(value).lower() if isinstance(value, bool) else str(value))
texts = (
    mutated(st.just(TOML.encode()))
    | st.lists(st.tuples(st.sampled_from(KEYS), values), max_size=4).map(
        lambda pairs: "\n".join(f"{key} = {value}" for key, value in dict(pairs).items()).encode()
    )
    | st.binary(max_size=120)
    | st.just(b"a = " + b"[" * 20_000)
)


@given(text=texts)
def test_a_file_is_settings_or_one_line(text, tmp_path):
    path = tmp_path / "candlewick.toml"
    path.write_bytes(text)
    try:
        settings = load(path)
    except ConfigError as error:
        assert "\n" not in str(error)
        return
    assert isinstance(settings, Settings)
    assert settings.shard_of[0] < settings.shard_of[1]
