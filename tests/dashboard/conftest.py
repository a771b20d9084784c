"""What several of the dashboard's tests stand on."""

from pathlib import Path

import pytest

from candlewick.config import Settings
from candlewick.dashboard.site import Site
from candlewick.mart.reader import Mart
from dashboard import proven


@pytest.fixture(scope="session")
def proven_home(run_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Settings, Mart]:
    """A published mart with matches, a mismatch, holes and a backfill in it; see `proven.py`."""
    return proven.published(run_folder, tmp_path_factory.getbasetemp())


@pytest.fixture(scope="session")
def proven_mart(proven_home: tuple[Settings, Mart]) -> Mart:
    return proven_home[1]


@pytest.fixture
def proven_site(proven_home: tuple[Settings, Mart]) -> Site:
    settings, mart = proven_home
    return Site(settings, mart)
