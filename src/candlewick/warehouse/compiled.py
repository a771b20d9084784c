"""Pure: the models as dbt compiled them for a warehouse's owner, who runs them without dbt."""

from typing import Any, Self

import msgspec

ZONE = "Antarctica/Troll"
"""The zone that models are compiled for; any other one is put in its place. No model names it for another reason."""

DATABASE = "TROLL_DB"
"""The same for the database on Snowflake, whose name is a setting."""

ROLL_UPS = ("trades_ohlc_5m", "trades_ohlc_15m", "trades_ohlc_1h", "trades_ohlc_4h", "trades_ohlc_1d")
LONG = (*ROLL_UPS, "trades_footprint_1m")
"""What no chart waits for: roll-ups and footprints, which a chart carries on by itself, trade by trade."""

OF_DAYS = ("tape_day_notes",)
"""What is made of notes of days, which few objects have."""


class Compiled(msgspec.Struct, frozen=True, omit_defaults=True):
    """A model: a statement, and the table (or view) that it is for, whose `columns` are its names and types in order.

    `sql` has `$since(column)` and `$touched(column: query)` where it needs to know what is new
    (models/macros/changes.sql). `inputs` names the models that it reads. A model that is whole makes its table anew.
    `time` is the column by which a statement finds a part of the table; none where the table is small. Where it is
    stamped, a row that replaces another has a later `loaded_at`. One that is local reads and replaces what its table
    holds in the periods that its news touch, and nothing else of it. On DuckDB `computed` says of some columns by which
    expression a reader gets them from the stored ones. On Snowflake, `about` tells readers what is in it, and
    `about_columns` in each column.
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
    is_local: bool = False
    computed: dict[str, str] = {}
    about: str = ""
    about_columns: dict[str, str] = {}

    @property
    def is_of_klines(self) -> bool:
        """Whether it reads the exchange's candles among the lines."""
        return self.reads_raw and bool(self.inputs)

    @property
    def table(self) -> str:
        """The statement that makes its table, where there is none."""
        columns = ", ".join(f"{name} {kind}{self._computed(name)}" for name, kind in self.columns.items())
        schema = self.relation.partition(".")[0]
        return f"create schema if not exists {schema}; create table if not exists {self.relation} ({columns})"

    @property
    def stored(self) -> str:
        """The columns that a statement can insert, as it names them."""
        return ", ".join(name for name in self.columns if name not in self.computed)

    def _computed(self, name: str) -> str:
        return f" generated always as ({self.computed[name]})" if name in self.computed else ""

    @classmethod
    def of(cls, node: Any) -> Self:  # noqa: ANN401 - dbt's own types are not public
        """Read it from dbt's node."""
        keys, read = node.config.unique_key, node.depends_on.nodes
        is_duckdb = node.relation_name.startswith('"')
        return cls(
            name=node.name,
            relation=f"{node.schema}.{node.alias}" if is_duckdb else node.relation_name,
            columns={column.name: _type(column, is_duckdb) for column in node.columns.values()},
            keys=(keys,) if isinstance(keys, str) else tuple(keys),
            sql=without_database(node.compiled_code, node.database),
            inputs=tuple(sorted(name.rpartition(".")[2] for name in read if name.startswith("model."))),
            reads_raw=any(name.startswith("source.") for name in read),
            is_audit="audit" in node.tags,
            is_append=node.config.incremental_strategy == "append",
            is_whole=node.config.materialized == "table",
            is_view=node.config.materialized == "view",
            time=time if (time := node.config.meta.get("time")) in node.columns else None,
            is_stamped=bool(node.config.meta.get("is_stamped")),
            is_local=bool(node.config.meta.get("is_local")),
            computed=node.config.meta.get("computed", {}) if is_duckdb else {},
            about="" if is_duckdb else _plain(node.description),
            about_columns={} if is_duckdb else {each.name: _plain(each.description) for each in node.columns.values()},
        )


def without_database(sql: str, database: str) -> str:
    """Leave out the database in DuckDB's names, which are quoted, so that a statement runs in any."""
    return sql.replace(f'"{database}".', "")


def _type(column: Any, is_duckdb: bool) -> str:  # noqa: ANN401 - as above
    """What `timestamp` means on Snowflake is a parameter of an account, so there it is said."""
    named = str(column.data_type)
    return named if is_duckdb or named != "timestamp" else "timestamp_ntz"


def _plain(text: str) -> str:
    return " ".join(text.split())


class Program(msgspec.Struct, frozen=True):
    """All models in the order in which they run, and how copies of trades come of a load's lines and sealed trades.

    `cut_quote_quantities` mends SILVER of a version that rounded them. On Snowflake the models parse a load by
    themselves, and there are no copies.
    """

    models: list[Compiled]
    copies: str = ""
    sealed_copies: str = ""
    cut_quote_quantities: str = ""

    def for_use(self, timezone: str, database: str = DATABASE) -> Self:
        """The same for days of a time zone, in a database; it was compiled for those of `ZONE`, in `DATABASE`."""
        text = msgspec.json.encode(self).replace(ZONE.encode(), timezone.encode())
        return _DECODER.decode(text.replace(DATABASE.encode(), database.encode()))  # type: ignore[return-value]


_DECODER = msgspec.json.Decoder(Program)


def encode(program: Program) -> bytes:
    """Return a program as JSON, each model on a line of its own."""
    text = msgspec.json.encode(program).replace(b'{"name":', b'\n{"name":')
    return text.replace(b'}],"', b'}\n],\n"') + b"\n"


def decode(text: bytes) -> Program:
    """Read a program. Raises `msgspec.DecodeError` where it is none."""
    return _DECODER.decode(text)
