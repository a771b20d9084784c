"""`candlewick load`, from the settings: looks that nobody else runs the models, shows its plan, and loads."""

from collections.abc import Callable
from contextlib import closing
from datetime import date

from candlewick.config import Settings
from candlewick.errors import WarehouseBusyError
from candlewick.lake.objects import Lake
from candlewick.process import heartbeat
from candlewick.warehouse.home import Agree
from candlewick.warehouse.snowflake.loading import Load
from candlewick.warehouse.snowflake.owner import Owner
from candlewick.warehouse.snowflake.session import Session


def run(settings: Settings, since: date | None, agree: Agree, progress: Callable[[int, int], None]) -> str | None:
    """Load the history since a day, all of it by default; None where nothing was to do or `agree` said no.

    Raises `LakeError`, `WarehouseError` and `ConfigError`.
    """
    beat = heartbeat.read(settings.run_path, "warehouse")
    if beat is not None and heartbeat.is_alive(beat):
        raise WarehouseBusyError(
            f"`candlewick warehouse` runs here (pid {beat.get('pid')}); stop it while the history is loaded: "
            "the recorder and Snowpipe go on, and what comes meanwhile is taken afterwards"
        )
    lake = Lake.open(settings.lake_url, settings.prefix, settings.s3)
    snowflake = settings.snowflake
    copies = Session(snowflake, snowflake.loader_role, warehouse=snowflake.warehouse)
    with Owner.open(settings) as owner, closing(copies):
        load = Load(settings, lake, owner, copies)
        plan = load.plan(since)
        if not plan.size:
            return "Everything that the lake has is loaded."
        if not agree(str(plan)):
            return None
        load.run(plan, progress)
        refused = "".join(f"\n  not loaded: {each}" for each in load.refused[:20])
        return f"Loaded {load.trades} trades of sealed days and {load.objects} objects.{refused}"
