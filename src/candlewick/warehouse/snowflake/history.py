"""`candlewick load`, from the settings: looks that nobody else runs the models, shows its plan, and loads."""

from collections.abc import Callable
from contextlib import closing
from datetime import date

from candlewick.config import Settings
from candlewick.lake.objects import Lake
from candlewick.warehouse.home import Agree
from candlewick.warehouse.snowflake.loading import Load
from candlewick.warehouse.snowflake.owner import Owner, refuse_beside_owner
from candlewick.warehouse.snowflake.session import Session


def run(settings: Settings, since: date | None, agree: Agree, progress: Callable[[int, int], None]) -> str | None:
    """Load the history since a day, all of it by default; None where nothing was to do or `agree` said no.

    Raises `LakeError`, `WarehouseError` and `ConfigError`.
    """
    refuse_beside_owner(settings, "the history is loaded")
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
