"""The statements that make the live views anew: they keep what was granted, and mean the same to whoever reads."""

from candlewick.config import Settings
from candlewick.warehouse.compiling import program
from candlewick.warehouse.snowflake import views
from candlewick.warehouse.snowflake.connection import Connection
from candlewick.warehouse.snowflake.owner import Owner
from candlewick.warehouse.snowflake.periods import Reach, constants
from made.small_raw import SmallRaw
from peers.snowflake_peer import Peer


def test_a_view_keeps_its_grants_its_comment_and_what_its_times_mean(tmp_path):
    models = [each for each in program("snowflake", "UTC", tmp_path, database="TAPE").models if each.is_view]
    assert len(models) >= 7
    for each in models:
        values = dict.fromkeys(constants(each.sql), "2026-06-01 00:00:00.000000")
        made = views.statement(each, values)
        assert made.startswith(f"create or replace view {each.relation} copy grants comment = '")
        assert "timestamp '" not in made.lower(), "what that means is a parameter of who reads"
        assert "'2026-06-01 00:00:00.000000'::timestamp_ntz" in made


def test_no_reader_of_a_rebuild_has_a_view_of_a_column_that_is_gone(peer: Peer, settings: Settings):
    raw = SmallRaw.make(peer, settings)
    raw.put(1, 90)
    raw.load()
    with Owner.open(settings) as owner:
        owner.cycle(with_audit=True)
    with Connection.open(settings.snowflake, settings.snowflake.transformer_role) as connection:
        connection.run("alter table gold.trades_ohlc_1m add column mean number(38, 8)")
    with Owner.open(settings):
        pass  # a column left over from a rebuild that was killed at its end is no refusal
    peer.statements.clear()
    with Owner.open(settings, reach=Reach.ALL):
        pass
    sent = [" ".join(each.lower().split()) for each in peer.statements]
    [gone] = [place for place, each in enumerate(sent) if each.endswith('drop column "mean"')]
    assert max(place for place, each in enumerate(sent) if each.startswith("create or replace view")) < gone
