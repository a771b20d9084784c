"""One data folder at a time writes under a name; one that was killed goes on at once, any other when it is over."""

import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from candlewick.errors import LeaseError
from candlewick.lake import lease as leases
from candlewick.lake.folder import Listed
from candlewick.lake.lease import Holder, Lease, identity_of, leased
from candlewick.lake.objects import Lake


def holder(name: str) -> Holder:
    return Holder(name, "host", 7, f"/data/{name}")


def take(lake: Lake, name: str, **options) -> Lease:
    return Lease(lake, "r1", holder(name), **options)


@pytest.fixture
def aged(monkeypatch: pytest.MonkeyPatch):
    """Let the leases that are there be so many seconds old."""

    def age(lake: Lake, seconds: float) -> None:
        files = lake.files

        def older(folder: str, after: str | None = None):
            for item in files(folder, after):
                is_lease = ".lease-" in item.name
                yield Listed(item.name, item.modified - timedelta(seconds=seconds * is_lease), item.size)

        monkeypatch.setattr(lake, "files", older)

    return age


def test_another_data_folder_is_refused_while_the_lease_runs(lake: Lake) -> None:
    take(lake, "one").renew()
    with pytest.raises(LeaseError, match=r"'r1', from /data/one on host \(pid 7\), records into it") as caught:
        take(lake, "other")
    assert "\n" not in str(caught.value)
    Lease(lake, "r2", holder("other"))  # by another name


def test_who_was_killed_goes_on_at_once(lake: Lake) -> None:
    take(lake, "one")
    take(lake, "one").renew()


def test_a_lease_that_is_over_is_taken_over_and_its_holder_stops_when_it_wakes_up(lake: Lake, aged) -> None:
    now = 0.0
    first = take(lake, "one", clock=lambda: now)
    aged(lake, leases.SECONDS + 1)
    second = take(lake, "other")
    second.check()
    first.check()  # it is not time yet
    now = leases.RENEW_SECONDS
    with pytest.raises(LeaseError, match=r"/data/other on host \(pid 7\), has taken over"):
        first.check()
    second.renew()


def test_of_two_that_take_over_one_gets_it(lake: Lake, aged, monkeypatch: pytest.MonkeyPatch) -> None:
    take(lake, "one")
    aged(lake, leases.SECONDS + 1)
    put_absent = lake.put_absent

    def late(name: str, content: bytes) -> None:
        monkeypatch.setattr(lake, "put_absent", put_absent)
        take(lake, "faster")
        put_absent(name, content)

    monkeypatch.setattr(lake, "put_absent", late)
    with pytest.raises(LeaseError, match=r"/data/faster .* has just taken the name"):
        take(lake, "slower")


def test_a_lease_that_is_given_back_is_free(lake: Lake) -> None:
    take(lake, "one").release()
    take(lake, "other")


def test_a_copy_of_a_data_folder_is_another_one(lake: Lake, tmp_path: Path) -> None:
    state = tmp_path / "one/state"
    state.mkdir(parents=True)
    with leased(lake, "r1", state):
        shutil.copytree(tmp_path / "one", tmp_path / "copy")
        assert identity_of(state) == identity_of(state) != identity_of(tmp_path / "copy/state")
        with pytest.raises(LeaseError), leased(lake, "r1", tmp_path / "copy/state"):
            pass
    with leased(lake, "r1", tmp_path / "copy/state"):
        pass
