"""Every error Candlewick raises on purpose.

    CandlewickError                   a mistake or a fault that a user can act on: one line, no traceback
    ├── ConfigError                   candlewick.toml, an environment variable or a flag is wrong
    ├── SetupError                    AWS or Snowflake refused a step of `candlewick setup`
    ├── PortTakenError                another process listens where one of ours should
    ├── ExchangeError                 the exchange refused, or could not be reached
    │   ├── UnreachableError          no answer, or only faults of its own (5xx)
    │   │   └── NotHereError          this host does not serve the endpoint, or wants a key for it
    │   ├── NotServedError            none of its hosts does
    │   ├── UnknownSymbolError        it does not know a symbol that was named
    │   ├── RateLimitedError          429 or 418: carries how long it asked us to wait
    │   ├── BlockedRegionError        451: the exchange does not serve this place
    │   └── ArchiveError              a daily file is not there, or is not what its checksum says
    ├── NewerError                    a newer Candlewick wrote it: update this one
    ├── MalformedFrameError           a frame or a row that is not what the exchange documents
    ├── LakeError                     the lake cannot be read or written
    │   ├── LakeAwayError             its folder was moved or unmounted
    │   ├── ObjectExistsError         put-if-absent found the name taken
    │   ├── ObjectMissingError        an object that was named is not there
    │   └── TornObjectError           an object without its manifest, or not one of ours
    │       └── NewerObjectError      a newer Candlewick wrote it, so only that one can read it
    ├── LeaseError                    another recorder of this name writes to the lake
    ├── CheckpointError               state.json cannot be used; the lake rebuilds it
    ├── QueryRefusedError             a statement was not run, or not to its end
    ├── OverloadedError               so many are being served that one more must wait
    ├── RangeError                    a range of time was asked for that cannot be answered as it is
    └── WarehouseError                the warehouse cannot be opened, loaded or transformed
        ├── WarehouseBusyError        another process owns the DuckDB file
        ├── WarehouseCorruptError     the DuckDB file is damaged; `candlewick rebuild` makes it again
        ├── WarehouseAccountError     Snowflake's account is not there, or cannot be reached
        ├── WarehouseLoginError       Snowflake does not accept the user, password, key or token
        ├── WarehousePermissionError  the role in Snowflake may not do this, or what it needs is not there
        ├── WarehouseQuotaError       Snowflake's warehouse may not run: its credits are used up
        ├── ModelError                a dbt model or test failed
        └── MartNotReadyError         nothing has been published yet

A message says what was expected, what was received, where, and what to do next, on one line.
"""

import msgspec

UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What msgspec raises on bytes that are not what they should be: a string that is no UTF-8 is no `DecodeError`, nor is
a nesting that goes on for thousands of levels."""


class CandlewickError(Exception):
    """A mistake or a fault that a user can act on; its text is one complete line."""

    exit_code = 1


class ConfigError(CandlewickError):
    """The configuration is wrong; names the key and its source."""

    exit_code = 2


class SetupError(CandlewickError):
    """AWS or Snowflake refused a step of `candlewick setup`."""


class PortTakenError(CandlewickError):
    """Another process listens on a port that one of ours needs."""


class ExchangeError(CandlewickError):
    """The exchange refused a request or could not be reached."""


class UnreachableError(ExchangeError):
    """The exchange did not answer, or only with faults of its own (5xx); asking again may help."""


class NotHereError(UnreachableError):
    """A host does not serve an endpoint, or wants a key for it; another one may."""


class NotServedError(ExchangeError):
    """No host of the exchange serves an endpoint without a key."""


class UnknownSymbolError(ExchangeError):
    """The exchange does not know a symbol (its error -1121); `symbol` is which one, where that is known."""

    exit_code = 2

    def __init__(self, message: str, symbol: str | None = None) -> None:
        super().__init__(message)
        self.symbol = symbol


class RateLimitedError(ExchangeError):
    """The exchange asked us to stop for a while (429 or 418).

    `retry_after` is the wait it asked for, in seconds; `banned` is true for a 418.
    """

    def __init__(self, message: str, *, retry_after: float, banned: bool = False) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        self.banned = banned


class BlockedRegionError(ExchangeError):
    """The exchange does not serve the place this machine is in (451)."""


class ArchiveError(ExchangeError):
    """A daily file of the archive is not there, is not what its checksum says, or holds what is no trade."""


class NewerError(CandlewickError):
    """What was written by a newer Candlewick is left as it is."""

    def __init__(self, what: str, found: int, known: int) -> None:
        super().__init__(
            f"{what}: version {found} was written by a newer Candlewick, this one knows {known}; update it here, too:"
            " pip install --upgrade candlewick"
        )


class MalformedFrameError(CandlewickError):
    """A frame, a row or a line is not what its documentation says."""


class LakeError(CandlewickError):
    """The lake cannot be read or written."""


class LakeAwayError(LakeError):
    """The lake's folder was moved or unmounted; when it is back, all goes on."""


class ObjectExistsError(LakeError):
    """Put-if-absent found an object of that name."""


class ObjectMissingError(LakeError):
    """An object that was named is not in the lake."""


class TornObjectError(LakeError):
    """An object in the lake has no manifest, or is not one of ours."""


class NewerObjectError(TornObjectError):
    """An object in the lake was written by a newer Candlewick: `found` is its version, `known` ours."""

    def __init__(self, name: str, found: int, known: int) -> None:
        self.name, self.found, self.known = name, found, known
        super().__init__(
            f"{name}: expected a manifest of version {known}, got version {found}; a newer Candlewick reads it"
        )


class LeaseError(CandlewickError):
    """Another recorder of this name writes to the lake, from another data folder."""


class CheckpointError(CandlewickError):
    """`state.json` cannot be used; the lake's manifests rebuild it."""


class SealBusyError(CandlewickError):
    """Another process seals days of this data folder."""


class QueryRefusedError(CandlewickError):
    """A statement was not run, or not to its end; says why in one line."""


class OverloadedError(CandlewickError):
    """So many are being served that one more must wait and ask again."""


class RangeError(CandlewickError):
    """A range of time was asked for that is empty, or too long to be answered at once, or in steps that none has."""


class WarehouseError(CandlewickError):
    """The warehouse cannot be opened, loaded or transformed."""


class WarehouseBusyError(WarehouseError):
    """Another process owns the DuckDB file."""


class WarehouseCorruptError(WarehouseError):
    """The DuckDB file is damaged; `candlewick rebuild` makes it again from the lake."""


class WarehouseAccountError(WarehouseError):
    """Snowflake's account is not there, or cannot be reached."""


class WarehouseLoginError(WarehouseError):
    """Snowflake does not accept the user, password, key or token of the connection."""


class WarehousePermissionError(WarehouseError):
    """The role in Snowflake may not do this, or what it needs is not there: Snowflake does not tell the two apart."""


class WarehouseQuotaError(WarehouseError):
    """Snowflake's warehouse may not run: a resource monitor's credits are used up."""


class ModelError(WarehouseError):
    """A dbt model or test failed."""


class MartNotReadyError(WarehouseError):
    """The warehouse has not published a mart yet."""


def preview(line: bytes, limit: int = 80) -> str:
    """Return the start of a line, for an error message."""
    return repr(line[:limit]) + ("…" if len(line) > limit else "")
