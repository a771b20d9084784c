"""The Data page: read-only SQL over the warehouse, with examples, and the answer as a table, CSV or Parquet."""

from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from html import escape
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from zoneinfo import ZoneInfo

import pyarrow as pa
import streamlit as st

from candlewick.dashboard.console import STATEMENT_BYTES, Answer, Console
from candlewick.dashboard.door.visitor import LOCAL, Role, visitor_of
from candlewick.dashboard.markup import table
from candlewick.dashboard.routes.answers import without_paths
from candlewick.dashboard.routes.export import csv_bytes, parquet_bytes
from candlewick.dashboard.site import Site
from candlewick.dashboard.zone import reader_zone
from candlewick.errors import QueryRefusedError, WarehouseError
from candlewick.moments import in_zone
from candlewick.warehouse.rows import SHOWN, Limits

EXAMPLES = Path(__file__).parent / "examples"
SCHEMA = Limits(rows=5_000, size=2**20, cell=200)

# Both warehouses answer this: it is of the SQL standard.
COLUMNS = """
select upper(table_schema) || '.' || upper(table_name) as name, lower(column_name || ' ' || data_type) as described
from information_schema.columns
where lower(table_schema) in ('silver', 'gold')
order by name, ordinal_position
"""


@dataclass
class Kept:
    """What the reader wrote on this page, by example: a visit of another page forgets the fields, but not this."""

    example: str = ""
    written: dict[str, str] = field(default_factory=dict)


def data(site: Site) -> None:
    """Draw the page."""
    visitor = visitor_of(st.context.headers) or LOCAL
    if visitor.role < Role.ANALYST:
        st.info(f"SQL is for analysts; {visitor.name} is a {visitor.role.name.lower()} here.")
        return
    console = site.console
    with st.container(key="candlewick-data"):
        statement = _editor(site)
        _schema(console)
        if statement.strip():
            site.journal.note("sql", name=visitor.name, statement=statement[:STATEMENT_BYTES])
            _answer(console, statement, visitor.name)


def _editor(site: Site) -> str:
    """The statement to run: an example, until the reader writes one."""
    examples = [path.read_text(encoding="utf-8") for path in sorted(EXAMPLES.glob("*.sql"))]
    kept: Kept = st.session_state.setdefault("candlewick-sql", Kept())
    last = next((at for at, each in enumerate(examples) if _title(each) == kept.example), 0)
    chosen = st.selectbox("Example", examples, last, format_func=_title, label_visibility="collapsed")
    kept.example = _title(chosen)
    text = kept.written.get(kept.example, chosen.replace("$symbol", site.settings.symbols[0]))
    with st.form("sql", border=False):
        statement = st.text_area("SQL", text, height=220, label_visibility="collapsed", key=f"sql-{kept.example}")
        if st.form_submit_button("Run"):
            kept.written[kept.example] = statement
    return statement


def _title(statement: str) -> str:
    """What an example says of itself in its first line."""
    return statement.partition("\n")[0].removeprefix("-- ").rstrip(".")


def _schema(console: Console) -> None:
    with st.expander("Tables and columns"):
        try:
            rows = console.run(COLUMNS, SCHEMA).table.to_pylist()
        except (QueryRefusedError, WarehouseError) as error:
            st.html(f'<div class="candlewick-data"><p>{escape(without_paths(str(error)))}</p></div>')
            return
        tables = groupby(rows, key=itemgetter("name"))
        lines = [(name, ", ".join(row["described"] for row in columns)) for name, columns in tables]
        st.html(f'<div class="candlewick-data schema">{table(("table", "columns"), lines)}</div>')


def _answer(console: Console, statement: str, visitor: str) -> None:
    try:
        answer = console.run(statement, SHOWN, visitor)
    except QueryRefusedError as error:
        st.error(without_paths(str(error)))
        return
    except WarehouseError as error:
        st.info(without_paths(str(error)))
        return
    _downloads(console, statement, visitor)
    zone = reader_zone()
    st.html(f'<div class="candlewick-data">{_told(answer, zone)}{rows_html(answer.table, zone)}</div>')


def _told(answer: Answer, zone: ZoneInfo) -> str:
    count = f"the first {answer.table.num_rows:,} rows" if answer.is_cut else f"{answer.table.num_rows:,} rows"
    moments = any(map(_is_moment, answer.table.schema))
    clocks = f" · times in {zone.key}, in files in UTC" if moments and zone.key != "UTC" else ""
    return f"<p>{count} · {answer.seconds * 1_000:,.0f} ms{escape(clocks)}</p>"


def rows_html(rows: pa.Table, zone: ZoneInfo) -> str:
    """The rows as a table, moments on the clocks of a zone; what is in India's time already stays as it is."""
    columns = [
        [in_zone(value, zone).replace(tzinfo=None) if isinstance(value, datetime) else value for value in values]
        if _is_moment(field)
        else values
        for field, values in zip(rows.schema, (column.to_pylist() for column in rows.columns), strict=True)
    ]
    numbers = {index for index, field in enumerate(rows.schema) if _is_number(field.type)}
    return table(rows.column_names, [tuple(map(_text, row)) for row in zip(*columns, strict=True)], numbers)


def _is_moment(column: pa.Field) -> bool:
    """Whether a column holds moments in UTC, as all of the warehouse's do but those that say otherwise."""
    return bool(pa.types.is_timestamp(column.type)) and not column.name.endswith("_ist")


def _is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_decimal(kind) or pa.types.is_floating(kind))


def _text(value: object) -> str:
    """A value as SQL writes it."""
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)


def _downloads(console: Console, statement: str, visitor: str) -> None:
    """The whole answer as a file: the statement runs again, without the table's limit, when it is asked for."""
    with st.container(horizontal=True, key="candlewick-downloads"):
        for label, name, mime, write in (
            ("CSV", "candlewick.csv", "text/csv", csv_bytes),
            ("Parquet", "candlewick.parquet", "application/vnd.apache.parquet", parquet_bytes),
        ):
            st.download_button(label, partial(_file, console, statement, visitor, write), name, mime, on_click="ignore")


def _file(console: Console, statement: str, visitor: str, write: object) -> bytes:
    answer = console.run(statement, visitor=visitor)
    assert callable(write)
    content: bytes = write(answer.table)
    return content
