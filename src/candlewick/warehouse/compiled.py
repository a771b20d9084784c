"""Pure: the models as dbt compiled them for a warehouse's owner, who runs them without dbt."""

from typing import Any, Self

import msgspec

ZONE = "Antarctica/Troll"
"""The zone that models are compiled for; any other one is put in its place. No model names it for another reason."""

LONG = (
    "trades_ohlc_5m",
    "trades_ohlc_15m",
    "trades_ohlc_1h",
    "trades_ohlc_4h",
    "trades_ohlc_1d",
    "trades_footprint_1m",
)
"""What no chart waits for: roll-ups and footprints, which a chart carries on by itself, trade by trade."""

OF_DAYS = ("tape_day_notes",)
"""What is made of notes of days, which few objects have."""


class Compiled(msgspec.Struct, frozen=True, omit_defaults=True):
    """A model: a statement, and the table (or view) that it is for, whose `columns` are its names and types in order.

    `sql` has `$since(column)` and `$touched(column: query)` where it needs to know what is new
    (models/macros/changes.sql). `inputs` names the models that it reads. A model that is whole makes its table anew.
    `time` is the column by which a statement finds a part of the table; none where the table is small. Where it is
    stamped, a row that replaces another has a later `loaded_at`.
    """

    name: str
    relation: str
    columns: dict[str, str]
    keys: tuple[str, ...]
    sql: str
    inputs: tuple[str, ...]
    reads_raw: bool
    is_audit: bool
    is_append: bool
    is_whole: bool
    is_view: bool = False
    time: str | None = None
    is_stamped: bool = False

    @property
    def is_of_klines(self) -> bool:
        """Whether it reads the exchange's candles among the lines."""
        return self.reads_raw and bool(self.inputs)

    @property
    def table(self) -> str:
        """The statement that makes its table, where there is none."""
        columns = ", ".join(f"{name} {kind}" for name, kind in self.columns.items())
        schema = self.relation.partition(".")[0]
        return f"create schema if not exists {schema}; create table if not exists {self.relation} ({columns})"

    @classmethod
    def of(cls, node: Any) -> Self:  # noqa: ANN401 - dbt's own types are not public
        """Read it from dbt's node. DuckDB's names come without the database, so that it runs in any."""
        keys, read = node.config.unique_key, node.depends_on.nodes
        database = f'"{node.database}".'
        is_duckdb = node.relation_name.startswith(database)
        return cls(
            name=node.name,
            relation=f"{node.schema}.{node.alias}" if is_duckdb else node.relation_name,
            columns={column.name: str(column.data_type) for column in node.columns.values()},
            keys=(keys,) if isinstance(keys, str) else tuple(keys),
            sql=node.compiled_code.replace(database, ""),
            inputs=tuple(sorted(name.rpartition(".")[2] for name in read if name.startswith("model."))),
            reads_raw=any(name.startswith("source.") for name in read),
            is_audit="audit" in node.tags,
            is_append=node.config.incremental_strategy == "append",
            is_whole=node.config.materialized == "table",
            is_view=node.config.materialized == "view",
            time=time if (time := node.config.meta.get("time")) in node.columns else None,
            is_stamped=bool(node.config.meta.get("is_stamped")),
        )


class Program(msgspec.Struct, frozen=True):
    """All models in the order in which they run, and how copies of trades come of a load's lines and sealed trades.

    `cut_quote_quantities` mends SILVER of a version that rounded them. Elsewhere than on DuckDB the models parse a load
    by themselves, and there are none of these.
    """

    models: list[Compiled]
    copies: str = ""
    sealed_copies: str = ""
    cut_quote_quantities: str = ""

    def in_zone(self, timezone: str) -> Self:
        """The same for days of a time zone; it was compiled for those of `ZONE`."""
        return _DECODER.decode(msgspec.json.encode(self).replace(ZONE.encode(), timezone.encode()))  # type: ignore[return-value]


_DECODER = msgspec.json.Decoder(Program)


def encode(program: Program) -> bytes:
    """Return a program as JSON, each model on a line of its own."""
    text = msgspec.json.encode(program).replace(b'{"name":', b'\n{"name":').replace(b'],"copies":', b'\n],\n"copies":')
    return text + b"\n"


def decode(text: bytes) -> Program:
    """Read a program. Raises `msgspec.DecodeError` where it is none."""
    return _DECODER.decode(text)
