"""The recorder as a process: killed, stopped, and started on what is wrong."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from candlewick import recorder
from candlewick.config import load
from candlewick.errors import CandlewickError, CheckpointError, LakeError, LeaseError
from candlewick.fake_binance.server.options import ExchangeOptions
from candlewick.fake_binance.server.server import Exchange
from candlewick.lake.lease import leased
from candlewick.lake.objects import Lake
from candlewick.spans import Spans
from candlewick.tape import checkpoint
from candlewick.tape.checkpoint import Checkpoint
from made import leash

FIRST, LAST = 3735683259, 3735703162
RECORDER = """
import sys
from pathlib import Path
from candlewick import recorder
from candlewick.config import load
from candlewick.errors import CandlewickError
from candlewick.process import log
from candlewick.process.leash import watch_supervisor
watch_supervisor()
log.configure("recorder")
try:
    recorder.run(load(Path(sys.argv[1])))
except CandlewickError as error:
    sys.exit(f"error {error}")
"""


def configure(folder: Path, url: str, **values) -> Path:
    """Write the settings of a recorder on an exchange."""
    values = {"data": "data", "prefix": "replay", "symbols": ["BTCUSDT"], "flush_seconds": 0.1} | values
    lines = [f"{key} = {json.dumps(value)}" for key, value in values.items()]
    stream = url.replace("http", "ws")
    lines += ["[exchange]", f'streams = ["{stream}"]', f'rest = ["{url}"]', "[feed]", "port = 0"]
    path = folder / "candlewick.toml"
    path.write_text("\n".join(lines))
    return path


def start(config: Path) -> subprocess.Popen[bytes]:
    return leash.start([sys.executable, "-c", RECORDER, str(config)], stderr=subprocess.PIPE)


def covered(folder: Path) -> list[tuple[int, int]]:
    """What the manifests in the lake prove, without any checkpoint."""
    lake = Lake.open(str(folder / "data/lake"), "replay")
    ids = Spans()
    for item in lake.list_all():
        for extent in lake.read_object(item.name).manifest.spans.values():
            ids.update(Spans(extent.ranges))
    return ids.ranges()


@pytest.mark.alike
async def test_a_recorder_killed_at_any_moment_loses_nothing(recording, tmp_path, until):
    async with Exchange(ExchangeOptions(port=0, replay=recording, speed=200.0)) as exchange:
        config = configure(tmp_path, exchange.rest_url)
        for lived in (1.1, 1.4):
            process = start(config)
            started = time.monotonic()
            await until(lambda started=started, lived=lived: time.monotonic() - started > lived)
            process.send_signal(signal.SIGKILL)
            process.wait()
        process = start(config)
        await until(lambda: covered(tmp_path) == [(FIRST, LAST)], 60)
        process.send_signal(signal.SIGTERM)
        await until(lambda: process.poll() is not None)
        assert process.returncode == 0, process.stderr.read().decode()
    lake = Lake.open(str(tmp_path / "data/lake"), "replay")
    ids = [
        json.loads(line)["t"]
        for item in lake.list_all()
        for line in lake.read_object(item.name).lines
        if line.startswith(b'{"e":"trade"')
    ]
    assert len(ids) == len(set(ids)) == 19_904


@pytest.mark.alike
@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
async def test_a_stop_flushes_and_leaves_no_heartbeat(recording, tmp_path, until, how):
    async with Exchange(ExchangeOptions(port=0, replay=recording, speed=20.0)) as exchange:
        process = start(configure(tmp_path, exchange.rest_url, flush_seconds=60))
        beat = tmp_path / "data/run/recorder.json"
        await until(lambda: beat.exists() and (json.loads(beat.read_text())["symbols"]["BTCUSDT"]["emitted"] or 0) > 0)
        process.send_signal(how)
        stopped = time.monotonic()
        await until(lambda: process.poll() is not None)
        assert time.monotonic() - stopped < 5
        assert process.returncode == 0
        assert not beat.exists()
        assert covered(tmp_path)


def test_a_second_recorder_of_the_same_name_is_refused(tmp_path):
    settings = load(configure(tmp_path, "http://127.0.0.1:9"))
    with (
        checkpoint.lock(settings.state_path),
        pytest.raises(CheckpointError, match="another recorder of this name runs on this folder"),
    ):
        recorder.run(settings)


@pytest.mark.alike
async def test_a_second_data_folder_is_refused_and_a_killed_one_goes_on_at_once(recording, tmp_path, until):
    async with Exchange(ExchangeOptions(port=0, replay=recording, speed=20.0)) as exchange:
        shared = str(tmp_path / "lake")
        homes = [tmp_path / name for name in ("one", "other")]
        configs = []
        for home in homes:
            home.mkdir()
            configs.append(configure(home, exchange.rest_url, lake=shared))
        first = start(configs[0])
        await until((tmp_path / "one/data/run/recorder.json").exists)
        with pytest.raises(LeaseError, match=r"another recorder named 'r1', from .*one/data"):
            recorder.run(load(configs[1]))
        first.kill()
        first.wait()
        first = start(configs[0])
        await until(lambda: list(Path(shared).rglob("stream_*")))
        first.send_signal(signal.SIGTERM)
        await until(lambda: first.poll() is not None)
        assert first.returncode == 0, first.stderr.read().decode()
        with leased(Lake.open(shared, "replay"), "r1", tmp_path):  # it was given back
            pass


@pytest.mark.parametrize("is_mount_point", [False, True], ids=["moved", "unmounted"])
def test_a_start_without_the_lake_makes_no_new_one(tmp_path, is_mount_point):
    settings = load(configure(tmp_path, "http://127.0.0.1:9"))
    root = Path(settings.lake_url)
    lake = Lake.open(settings.lake_url, settings.prefix)
    Checkpoint(settings.recorder, lake=lake.identity, seq=7).save(settings.state_path)
    if is_mount_point:
        root.mkdir(parents=True)
    with pytest.raises(LakeError, match=r"the lake with the 7 objects that .*, found nothing; mount its disk"):
        recorder.run(settings)
    assert list(root.iterdir() if is_mount_point else root.parent.glob("lake")) == []


@pytest.mark.parametrize("what", ["data", "lake"])
def test_a_folder_that_cannot_be_written_is_one_line(tmp_path, what):
    (tmp_path / "file").write_text("")
    settings = load(configure(tmp_path, "http://127.0.0.1:9", **{what: "file/folder"}))
    with pytest.raises(CandlewickError) as error:
        recorder.run(settings)
    assert os.fspath(tmp_path / "file/folder") in str(error.value)
    assert "\n" not in str(error.value)
