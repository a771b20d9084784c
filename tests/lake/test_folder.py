"""A lake's folder is the same one from the first use on, or an error; it is never made anew."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from candlewick.errors import LakeAwayError, LakeError, ObjectMissingError
from candlewick.lake import names
from candlewick.lake.objects import Lake

FIRST, SECOND = (names.stream("demo", "r1", 1_769_261_320_000_000 + number) for number in (1, 2))
FOLDER = FIRST.rpartition("/")[0]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "disk/lake"


@pytest.fixture
def lake(root: Path) -> Lake:
    lake = Lake.open(str(root), "demo")
    lake.put_absent(FIRST, b"first")
    return lake


def test_opening_makes_nothing_and_the_first_write_makes_it_all(root: Path) -> None:
    lake = Lake.open(str(root), "demo")
    assert lake.hours() == []
    assert not lake.is_begun
    with pytest.raises(ObjectMissingError):
        lake.get(FIRST)
    assert not root.exists()
    lake.put_absent(FIRST, b"first")
    assert lake.is_begun
    assert lake.list_folder(FOLDER) == [FIRST]


def moved(root: Path) -> None:
    """The folder was moved: nothing is at its path."""


def unmounted(root: Path) -> None:
    """The disk was unmounted: the empty folder below is at its path."""
    root.mkdir()


def exchanged(root: Path) -> None:
    """Another lake was mounted there."""
    Lake.open(str(root), "demo").put_absent(SECOND, b"of another lake")


@pytest.mark.parametrize("gone", [moved, unmounted, exchanged])
def test_a_folder_that_goes_away_is_an_error_until_it_is_back(
    lake: Lake, root: Path, tmp_path: Path, gone: Callable[[Path], None]
) -> None:
    root.rename(tmp_path / "elsewhere")
    gone(root)
    before = sorted(root.parent.rglob("*"))
    for step in (
        lambda: lake.put_absent(SECOND, b"second"),
        lambda: lake.replace("demo/staging/note", b"note"),
        lambda: lake.get(FIRST),
        lambda: lake.list_folder(FOLDER),
        lake.hours,
        lambda: lake.check_writable("r1"),
    ):
        with pytest.raises(LakeAwayError, match="moved or unmounted") as caught:
            step()
        assert "\n" not in str(caught.value)
    assert sorted(root.parent.rglob("*")) == before
    shutil.rmtree(root, ignore_errors=True)
    (tmp_path / "elsewhere").rename(root)
    lake.put_absent(SECOND, b"second")
    assert lake.list_folder(FOLDER) == [FIRST, SECOND]


def test_it_is_known_again_by_its_marker_on_another_disk(lake: Lake, root: Path, tmp_path: Path) -> None:
    root.rename(tmp_path / "elsewhere")
    shutil.copytree(tmp_path / "elsewhere", root)
    lake.put_absent(SECOND, b"second")
    assert lake.list_folder(FOLDER) == [FIRST, SECOND]


def test_a_lake_from_before_there_were_markers_gets_one(root: Path) -> None:
    (root / FOLDER).mkdir(parents=True)
    (root / FIRST).write_bytes(b"first")
    lake = Lake.open(str(root), "demo")
    assert lake.is_begun
    assert lake.list_folder(FOLDER) == [FIRST]
    lake.check_writable("r1")
    marker = (root / ".candlewick-lake").read_text()
    Lake.open(str(root), "demo").check_writable("r2")
    assert (root / ".candlewick-lake").read_text() == marker != ""


def test_a_root_that_is_deleted_under_a_writer_is_not_made_again(lake: Lake, root: Path) -> None:
    shutil.rmtree(root)
    with pytest.raises(LakeError):
        lake.put_absent(SECOND, b"second")
    assert not root.exists()
