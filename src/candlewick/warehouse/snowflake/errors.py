"""Pure: what an error of Snowflake means, in one line that ends with the next step.

Codes are Snowflake's: 2xxxxx are the connector's own, 39xxxx a login's, 00xxxx a statement's. Texts are matched where
the connector passes on the text of an answer without its code.
"""

import re
from typing import NamedTuple

from candlewick.errors import (
    WarehouseAccountError,
    WarehouseError,
    WarehouseLoginError,
    WarehousePermissionError,
    WarehouseQuotaError,
)


class Login(NamedTuple):
    """Who connects, as far as a message may say it: the connection's name, its account, user and role."""

    connection: str
    account: str
    user: str
    role: str

    @property
    def where(self) -> str:
        """Name the place to correct."""
        return f"connection {self.connection!r} in connections.toml"


class _Meaning(NamedTuple):
    pattern: str
    kind: type[WarehouseError]
    text: str


_MEANINGS = (
    _Meaning(
        r"Incorrect username or password",
        WarehouseLoginError,
        "Snowflake does not know user {user!r} with this password; correct {where}",
    ),
    _Meaning(
        r"JWT token is invalid|Private key|private_key",
        WarehouseLoginError,
        "Snowflake does not accept the key of user {user!r}; set its public half (ALTER USER … SET RSA_PUBLIC_KEY), "
        "and private_key_file and account of {where}",
    ),
    _Meaning(
        r"must login again|Session no longer exists|user must authenticate again|401 Unauthorized",
        WarehouseLoginError,
        "Snowflake has ended the session of {where}; log in again",
    ),
    _Meaning(
        r"OAuth access token expired|token (has )?expired|authentication token has expired",
        WarehouseLoginError,
        "the token of {where} has expired; get a new one",
    ),
    _Meaning(
        r"Invalid OAuth access token|Programmatic access token is invalid|token is invalid",
        WarehouseLoginError,
        "Snowflake does not accept the token of {where}; get a new one",
    ),
    _Meaning(
        r"Multi-factor authentication|MFA|Duo",
        WarehouseLoginError,
        "user {user!r} needs a second factor; use a key pair for a service (private_key_file of {where})",
    ),
    _Meaning(
        r"temporarily locked|User access disabled|account is locked",
        WarehouseLoginError,
        "user {user!r} is locked or disabled; ask an administrator (ALTER USER … SET MINS_TO_UNLOCK = 0)",
    ),
    _Meaning(
        r"is not allowed to access Snowflake",
        WarehouseLoginError,
        "a network policy of account {account!r} keeps this machine out; ask an administrator to let its address in",
    ),
    _Meaning(
        r"Role '?\"?[^'\"]*'?\"? specified in the connect string|role requested.*not (granted|authorized)",
        WarehousePermissionError,
        "user {user!r} has no role {role}; grant it (GRANT ROLE {role} TO USER {user}), or correct [snowflake]",
    ),
    _Meaning(
        r"No active warehouse selected",
        WarehousePermissionError,
        "role {role} may use no warehouse, or it is suspended and may not resume; run `candlewick setup snowflake`, "
        "or correct `warehouse` in [snowflake]",
    ),
    _Meaning(
        r"cannot be resumed because resource monitor",
        WarehouseQuotaError,
        "{detail}; raise its quota (ALTER RESOURCE MONITOR … SET CREDIT_QUOTA = …) or wait for the next period",
    ),
    _Meaning(
        r"Insufficient privileges|does not exist or not authorized|Access denied",
        WarehousePermissionError,
        "role {role}: {detail}; run `candlewick setup snowflake`, or correct [snowflake]",
    ),
    _Meaning(
        r"Verify the account name|404 Not Found|account .*(not found|does not exist)|Invalid account",
        WarehouseAccountError,
        "Snowflake has no account {account!r}; correct `account` (organisation-name) of {where}",
    ),
    _Meaning(
        r"Could not connect to Snowflake backend|Failed to connect|Connection refused|timed out|Failed to resolve"
        r"|Name or service not known|Max retries exceeded",
        WarehouseAccountError,
        "account {account!r} of Snowflake cannot be reached; correct `account` of {where}, or check the network",
    ),
)


def explain(text: str, login: Login) -> WarehouseError:
    """Return what a Snowflake error means, as the error to raise."""
    return meaning(text, login) or WarehouseError(f"Snowflake: {_detail(text)}")


def meaning(text: str, login: Login) -> WarehouseError | None:
    """Return what a text that has a Snowflake error in it means; None where it is not known."""
    for known in _MEANINGS:
        if re.search(known.pattern, text, re.IGNORECASE | re.DOTALL):
            words = {**login._asdict(), "where": login.where, "detail": _detail(text)}
            return known.kind(known.text.format(**words))
    return None


def _detail(text: str) -> str:
    """Return Snowflake's own words on one line, without codes and request ids."""
    line = " ".join(text.split())
    line = re.sub(r"^\d{6} \(\w{5}\): ", "", line)
    line = re.sub(r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b:? ?", "", line)
    return re.sub(r"^(SQL (compilation|access control|execution) error:) ", "", line).rstrip(". ")
