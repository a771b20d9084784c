import errno
import os
import threading
from pathlib import Path

import pytest

from candlewick.errors import LakeError, ObjectExistsError, TornObjectError
from candlewick.lake import compression, folder, names
from candlewick.lake.manifest import Extent, Manifest
from candlewick.lake.objects import Lake, pack, unpack

NAME = names.stream("demo", "r1", 1_769_261_320_123_456)
LINES = [b'{"e":"trade","s":"BTCDEMO","t":1}', b'{"e":"trade","s":"BTCDEMO","t":2}']


def manifest(lines: int = 2) -> Manifest:
    return Manifest(
        recorder="r1",
        seq=1,
        prev=None,
        created=1,
        lines=lines,
        spans={"BTCDEMO": Extent(1, 2, 2, [(1, 2)])},
        covered={"BTCDEMO": [(1, 2)]},
    )


def test_what_is_put_is_read_back_whole(lake: Lake) -> None:
    lake.put_absent(NAME, pack(LINES, manifest()))
    assert lake.read_object(NAME) == (NAME, LINES, manifest())


def test_a_name_is_written_once(lake: Lake) -> None:
    lake.put_absent(NAME, b"first")
    with pytest.raises(ObjectExistsError, match="is there already"):
        lake.put_absent(NAME, b"second")
    assert lake.get(NAME) == b"first"


def test_of_many_writers_of_one_name_exactly_one_wins(lake: Lake) -> None:
    won = []

    def write(content: bytes) -> None:
        try:
            lake.put_absent(NAME, content)
            won.append(content)
        except ObjectExistsError:
            pass

    writers = [threading.Thread(target=write, args=(b"%d" % n,)) for n in range(8)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert [lake.get(NAME)] == won


def test_listings_are_sorted_bounded_by_hour_and_resumable(lake: Lake) -> None:
    hour = 3_600_000_000
    written = [names.stream("demo", "r1", at) for at in (5, 1, 3, hour, 30 * hour)]
    for name in written:
        lake.put_absent(name, b"")
    first = "demo/raw/1970-01-01/00"
    assert lake.hours() == [first, "demo/raw/1970-01-01/01", "demo/raw/1970-01-02/06"]
    assert lake.hours(since="demo/raw/1970-01-01/01") == ["demo/raw/1970-01-01/01", "demo/raw/1970-01-02/06"]
    assert lake.list_folder(first) == sorted(written[:3])
    assert lake.list_folder(first, after=sorted(written[:3])[0]) == sorted(written[:3])[1:]
    assert sorted(item.name for item in lake.list_all()) == sorted(written)


def test_an_empty_lake_lists_nothing(lake: Lake) -> None:
    assert lake.hours() == []
    assert list(lake.list_all()) == []
    assert lake.list_folder("demo/raw/1970-01-01/00") == []


def test_a_probe_is_no_object(lake: Lake) -> None:
    lake.check_writable("r1")
    assert list(lake.list_all()) == []


def test_an_object_that_is_not_there_is_named(lake: Lake) -> None:
    with pytest.raises(LakeError, match=r"cannot read .*stream_2026-01-24_13-28-40.123456_r1"):
        lake.read_object(NAME)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"not zstd",
        pack(LINES, manifest())[:-5],
        pack(LINES, manifest()) + b"more",
        bytes([*pack(LINES, manifest())[:-30], 0xFF, *pack(LINES, manifest())[-29:]]),
        pack(LINES, manifest(lines=3)),
        compression.compress(b"\n".join(LINES) + b"\n"),
        compression.compress(b""),
        compression.compress(b'{"e":"manifest","v":2}\n'),
        compression.compress(pack(LINES, manifest())),
    ],
    ids=["empty", "foreign", "cut", "longer", "flipped", "short", "no manifest", "no lines", "newer", "twice"],
)
def test_a_torn_object_is_named_and_never_half_read(content: bytes) -> None:
    with pytest.raises(TornObjectError, match="_r1"):
        unpack(NAME, content)


def test_a_foreign_name_is_refused_before_it_is_read(tmp_path: Path) -> None:
    lake = Lake.open(str(tmp_path), "demo")
    with pytest.raises(TornObjectError, match=r"notes\.txt"):
        lake.read_object("demo/raw/2026-01-24/13/notes.txt")


def test_a_folder_that_cannot_be_made_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(LakeError, match=r"file/lake") as caught:
        Lake.open(str(tmp_path / "file/lake"), "demo").check_writable("r1")
    assert "\n" not in str(caught.value)


def test_a_folder_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "demo").write_text("a file where a folder should be")
    with pytest.raises(LakeError, match="cannot be written") as caught:
        Lake.open(str(tmp_path), "demo").check_writable("r1")
    assert "\n" not in str(caught.value)


def test_what_a_killed_writer_left_is_swept_and_what_a_living_one_stages_is_not(tmp_path: Path) -> None:
    lake = Lake.open(str(tmp_path), "demo")
    staging = tmp_path / "demo/staging"
    staging.mkdir(parents=True)
    (staging / "old").touch()
    (staging / "new").touch()
    os.utime(staging / "old", (0, 0))
    lake.check_writable("r1")
    assert {path.name for path in staging.iterdir()} == {"new", "r1.probe"}


def test_nothing_stays_behind_in_a_folder(tmp_path: Path) -> None:
    lake = Lake.open(str(tmp_path), "demo")
    lake.put_absent(NAME, b"content")
    assert [path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()] == [
        folder.MARKER,
        NAME,
    ]


def test_a_name_that_is_taken_is_durable_when_that_is_said(tmp_path, monkeypatch):
    lake = Lake.open(str(tmp_path), "demo")
    lake.put_absent(NAME, b"whole")
    durable = []

    def remember(descriptor: int) -> None:
        durable.append(Path(f"/proc/self/fd/{descriptor}").resolve())

    monkeypatch.setattr(os, "fsync", remember)
    with pytest.raises(ObjectExistsError):
        lake.put_absent(NAME, b"whole")
    holding = (tmp_path / NAME).parent
    assert {holding, *holding.parents} - {*tmp_path.parents} <= set(durable)


def test_a_file_system_that_cannot_put_if_absent_is_known_at_the_start(tmp_path, monkeypatch):
    def refuse(*_, **__):
        raise OSError(errno.EOPNOTSUPP, "hard links are not supported")

    Lake.open(str(tmp_path), "demo").check_writable("r1")
    monkeypatch.setattr(os, "link", refuse)
    with pytest.raises(LakeError, match=r"cannot be written.*hard links"):
        Lake.open(str(tmp_path), "demo").check_writable("r1")


def test_without_the_right_to_delete_nothing_is_swept_and_all_goes_on(tmp_path, monkeypatch):
    lake = Lake.open(str(tmp_path), "demo")
    lake.check_writable("r1")
    abandoned = tmp_path / "demo/staging/abandoned"
    abandoned.write_bytes(b"")
    os.utime(abandoned, (0, 0))

    unlink = os.unlink

    def refuse(name, **where):
        if str(name).endswith("abandoned"):
            raise PermissionError(errno.EACCES, "Permission denied", name)
        unlink(name, **where)

    monkeypatch.setattr(os, "unlink", refuse)
    lake.check_writable("r1")
    assert abandoned.exists()
