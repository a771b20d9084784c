"""A lake in a folder and one in a bucket: what holds of one holds of the other."""

import urllib.request
import uuid
from pathlib import Path

import pytest

from candlewick.lake.objects import Lake


@pytest.fixture(params=["folder", "s3"])
def lake(request: pytest.FixtureRequest, tmp_path: Path) -> Lake:
    if request.param == "folder":
        return Lake.open(str(tmp_path / "lake"), "demo")
    return Lake.open(request.getfixturevalue("bucket") + "/some/path", "demo")


@pytest.fixture
def bucket(s3_server: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """An empty bucket on a real S3 server, configured as a user would: by the environment."""
    for key, value in {
        "AWS_ENDPOINT_URL": s3_server,
        "AWS_ALLOW_HTTP": "true",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(key, value)
    name = f"tape-{uuid.uuid4()}"
    urllib.request.urlopen(urllib.request.Request(f"{s3_server}/{name}", method="PUT")).close()
    return f"s3://{name}"
