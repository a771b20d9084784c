import json
from pathlib import Path

import pytest

from candlewick.config import SnowflakeSettings
from candlewick.errors import ConfigError
from candlewick.warehouse.targets import SECRET_PREFIX, Target

SETTINGS = SnowflakeSettings(connection="tape")
LOGIN = {"account": "org-account", "user": "candlewick"}


def test_a_key_pair_is_a_path_in_the_profile_and_its_passphrase_is_not():
    target = Target.snowflake(SETTINGS, LOGIN | {"private_key_file": "/keys/rsa.p8", "private_key_file_pwd": "hunter2"})
    assert target.output["private_key_path"] == "/keys/rsa.p8"
    assert target.secrets == {SECRET_PREFIX + "PRIVATE_KEY_PASSPHRASE": "hunter2"}
    assert "hunter2" not in json.dumps(target.profile)
    assert "hunter2" not in repr(target)


@pytest.mark.parametrize(
    ("authenticator", "secret"), [("OAUTH", "token"), ("PROGRAMMATIC_ACCESS_TOKEN", "token"), ("snowflake", "password")]
)
def test_a_token_or_a_password_reaches_dbt_by_the_environment_only(authenticator, secret):
    target = Target.snowflake(SETTINGS, LOGIN | {"authenticator": authenticator, secret: "hunter2"})
    [(variable, value)] = target.secrets.items()
    assert value == "hunter2"
    assert target.output[secret] == "{{ env_var('" + variable + "') }}"
    assert target.output["authenticator"] == authenticator.lower()


def test_the_models_run_as_the_transformer_in_the_settings_warehouse_and_database():
    target = Target.snowflake(SETTINGS, LOGIN | {"role": "ACCOUNTADMIN", "warehouse": "OTHER", "database": "OTHER"})
    assert (target.output["role"], target.output["warehouse"], target.output["database"]) == (
        "CANDLEWICK_TRANSFORMER",
        "CANDLEWICK_WH",
        "CRYPTO_DB",
    )
    assert target.threads == SETTINGS.threads


def test_a_way_to_log_in_that_dbt_does_not_know_is_refused_with_those_that_it_does():
    with pytest.raises(ConfigError, match=r"'tape'.*oauth_authorization_code.*private_key_file"):
        Target.snowflake(SETTINGS, LOGIN | {"authenticator": "OAUTH_AUTHORIZATION_CODE"})


def test_duckdb_is_the_file_by_its_absolute_path(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert Target.duckdb(Path("a.duckdb")).output["path"] == str(tmp_path / "a.duckdb")
