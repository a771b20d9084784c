"""Pure: where the models run, as dbt wants to be told: an output of its profile, and the secrets that it needs.

A secret never gets into a file: the profile names a variable of the environment, by a prefix whose values dbt keeps out
of its logs.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from candlewick import __version__
from candlewick.config import SnowflakeSettings
from candlewick.errors import ConfigError

SECRET_PREFIX = "DBT_ENV_SECRET_CANDLEWICK_"

_PLAIN = {
    "account": "account",
    "user": "user",
    "authenticator": "authenticator",
    "private_key_file": "private_key_path",
    "private_key_path": "private_key_path",
    "host": "host",
    "port": "port",
    "protocol": "protocol",
    "proxy_host": "proxy_host",
    "proxy_port": "proxy_port",
    "oauth_client_id": "oauth_client_id",
    "workload_identity_provider": "workload_identity_provider",
    "workload_identity_entra_resource": "workload_identity_entra_resource",
}
"""What a connection of connections.toml may have, and what dbt calls it."""

_SECRET = {
    "password": "password",
    "token": "token",
    "private_key_file_pwd": "private_key_passphrase",
    "private_key_passphrase": "private_key_passphrase",
    "oauth_client_secret": "oauth_client_secret",
}

_AUTHENTICATORS = frozenset(
    {
        "",
        "snowflake",
        "snowflake_jwt",
        "oauth",
        "programmatic_access_token",
        "workload_identity",
        "externalbrowser",
        "username_password_mfa",
    }
)


@dataclass(frozen=True)
class Target:
    """One output of the profile; `secrets` are variables of the environment that `output` names."""

    name: str
    output: Mapping[str, Any]
    threads: int = 1
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)

    @classmethod
    def duckdb(cls, database: Path) -> Self:
        """The embedded warehouse's file."""
        return cls("duckdb", {"type": "duckdb", "path": str(database.absolute()), "schema": "main", "threads": 1})

    @classmethod
    def snowflake(cls, settings: SnowflakeSettings, connection: Mapping[str, Any]) -> Self:
        """Snowflake, with the parameters of a connection from connections.toml and the transformer's role.

        Raises `ConfigError` for a way to log in that dbt does not know.
        """
        _check_authenticator(settings, connection)
        output = {ours: connection[theirs] for theirs, ours in _PLAIN.items() if connection.get(theirs)}
        secrets = {ours: str(connection[theirs]) for theirs, ours in _SECRET.items() if connection.get(theirs)}
        variables = {name: SECRET_PREFIX + name.upper() for name in secrets}
        output |= {name: "{{ env_var('" + variable + "') }}" for name, variable in variables.items()}
        if "authenticator" in output:
            output["authenticator"] = str(output["authenticator"]).lower()
        output |= {
            "type": "snowflake",
            "role": settings.transformer_role,
            "warehouse": settings.warehouse,
            "database": settings.database,
            "schema": "SILVER",
            "threads": settings.threads,
            "query_tag": f"candlewick {__version__} models",
        }
        return cls("snowflake", output, settings.threads, {variables[name]: value for name, value in secrets.items()})

    @property
    def profile(self) -> dict[str, Any]:
        """The profile that has this one output."""
        return {"candlewick": {"target": self.name, "outputs": {self.name: dict(self.output)}}}


def _check_authenticator(settings: SnowflakeSettings, connection: Mapping[str, Any]) -> None:
    way = str(connection.get("authenticator", "")).lower()
    if way not in _AUTHENTICATORS and not way.startswith("https://"):
        raise ConfigError(
            f"connections.toml, connection {settings.connection or 'default'!r}: the models cannot log in by "
            f"authenticator = {way!r}; use a key pair (private_key_file), oauth with a token, or workload_identity"
        )
