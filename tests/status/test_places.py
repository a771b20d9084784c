"""`candlewick status` says how much lies where, and for how long there is room."""

import io

from rich.console import Console

from candlewick import status
from candlewick.config import load
from candlewick.lake.objects import Lake
from candlewick.process.heartbeat import Heartbeat
from candlewick.status.rendering import render


def test_bytes_growth_and_days_are_told_from_sums_that_are_kept(tmp_path):
    config = tmp_path / "candlewick.toml"
    config.write_text('data = "."\n')
    settings = load(config)
    Lake.open(settings.lake_url, settings.prefix).check_writable("r1")
    Heartbeat(settings.run_path, "recorder").beat(
        symbols={}, lake={"objects": 3, "bytes": 2_500_000, "bytes_a_day": 1_200_000}
    )
    report = status.collect(settings)
    (lake,) = report.places
    assert (lake.name, lake.files, lake.size, lake.a_day) == ("lake", 3, 2_500_000, 1_200_000)
    assert lake.days_to_full > 0
    console = Console(file=io.StringIO(), width=300)
    console.print(render(report))
    assert "lake 2.5 MB (+1.2 MB a day); the disk is full in" in console.file.getvalue()
    assert '"days_to_full":' in status.to_json(report)
