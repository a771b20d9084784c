"""Snowflake's errors, as its documents and the connector word them, each in one line with a next step."""

import pytest

from candlewick.errors import WarehouseError, WarehouseLoginError, WarehousePermissionError, WarehouseQuotaError
from candlewick.warehouse.snowflake.errors import Login, explain

LOGIN = Login("prod", "my-account", "CANDLE", "CANDLEWICK_TRANSFORMER")


@pytest.mark.parametrize(
    ("text", "kind", "parts"),
    [
        (
            "003001 (42501): 01b2c3d4-0000-1234-0000-000000000000: SQL access control error:\n"
            "Insufficient privileges to operate on schema 'SILVER'.",
            WarehousePermissionError,
            ("CANDLEWICK_TRANSFORMER", "schema 'SILVER'", "candlewick setup snowflake"),
        ),
        (
            "002003 (42S02): SQL compilation error:\n"
            "Object 'CRYPTO_DB.RAW.BINANCE_RAW' does not exist or not authorized.",
            WarehousePermissionError,
            ("CRYPTO_DB.RAW.BINANCE_RAW", "candlewick setup snowflake"),
        ),
        (
            "000606 (57P03): No active warehouse selected in the current session.  Select an active warehouse with the "
            "'use warehouse' command.",
            WarehousePermissionError,
            ("may use no warehouse", "`warehouse` in [snowflake]"),
        ),
        (
            "090073 (22000): Warehouse 'CANDLEWICK_WH' cannot be resumed because resource monitor 'MONTHLY' has "
            "exceeded its quota.",
            WarehouseQuotaError,
            ("CANDLEWICK_WH", "'MONTHLY'", "ALTER RESOURCE MONITOR"),
        ),
        (
            "390111 (08001): Session no longer exists.  New login required to access the service.",
            WarehouseLoginError,
            ("has ended the session", "'prod'"),
        ),
        (
            "001003 (42000): SQL compilation error:\nsyntax error line 1 at position 0",
            WarehouseError,
            ("line 1",),
        ),
    ],
)
def test_a_statement_that_snowflake_refuses(text, kind, parts):
    error = explain(text, LOGIN)
    assert type(error) is kind
    assert "\n" not in str(error) and "01b2c3d4" not in str(error)
    for part in parts:
        assert part in str(error)
