"""`/api/export`: candles of a range as a file, CSV or Parquet, with the warehouse's exact decimals."""

import io
from collections.abc import Callable
from datetime import datetime
from urllib.parse import quote

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from candlewick.dashboard.reads import Reads
from candlewick.dashboard.routes.answers import answering
from candlewick.dashboard.routes.catalogue import Catalogue, RequestError
from candlewick.moments import instant
from candlewick.warehouse.contract import Viewed

MOST_ROWS = 100_000
MEDIA_TYPES = {"csv": "text/csv", "parquet": "application/vnd.apache.parquet"}


class Export:
    """The route over a reader of the warehouse."""

    def __init__(self, reader: Viewed, reads: Reads, catalogue: Catalogue) -> None:
        self._reader, self._reads, self._catalogue = reader, reads, catalogue

    def routes(self) -> list[Route]:
        """The route to add to the server."""
        return [Route("/api/export", answering(self.export), methods=["GET"])]

    async def export(self, request: Request) -> Response:
        """`?symbol=&timeframe=&since=&before=&format=csv|parquet`: candles with since <= open time < before (s).

        The newest 100,000 of them where there are more.
        """
        asked, catalogue = request.query_params, self._catalogue
        symbol, timeframe = catalogue.symbol(asked.get("symbol")), catalogue.timeframe(asked.get("timeframe"))
        since, before = (catalogue.second(name, asked.get(name)) for name in ("since", "before"))
        kind = asked.get("format", "csv")
        if kind not in MEDIA_TYPES:
            raise RequestError(f"expected a format of {', '.join(MEDIA_TYPES)}, got {kind[:40]!r}")
        start, end = (None if at is None else instant(at) for at in (since, before))
        content = await self._reads(self._file, kind, symbol, timeframe, start, end)
        name = "-".join([symbol, timeframe, *(f"{at:%Y%m%dT%H%M%SZ}" for at in (start, end) if at is not None)])
        headers = {"Content-Disposition": attachment(f"{name}.{kind}")}
        return Response(content, media_type=MEDIA_TYPES[kind], headers=headers | {"Cache-Control": "no-store"})

    def _file(self, kind: str, symbol: str, timeframe: str, start: datetime | None, end: datetime | None) -> bytes:
        table = self._reader.candles(symbol, timeframe, start, end, MOST_ROWS)
        return csv_bytes(table) if kind == "csv" else parquet_bytes(table)


def attachment(name: str) -> str:
    """A `Content-Disposition` for a name of any letters; `filename` is for who knows no `filename*` (RFC 6266)."""
    plain = "".join(letter if letter.isascii() else "_" for letter in name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


def csv_bytes(table: pa.Table) -> bytes:
    """Write a table as CSV with a header. What CSV has no form for, such as a list, is written as text."""
    out = io.BytesIO()
    pyarrow.csv.write_csv(_as_text(table, lambda kind: pa.types.is_nested(kind) or pa.types.is_interval(kind)), out)
    return out.getvalue()


def parquet_bytes(table: pa.Table) -> bytes:
    """Write a table as Parquet, compressed by zstd. An interval, which Parquet has no form for, is written as text."""
    out = io.BytesIO()
    pyarrow.parquet.write_table(_as_text(table, pa.types.is_interval), out, compression="zstd")
    return out.getvalue()


def _as_text(table: pa.Table, is_unfit: Callable[[pa.DataType], bool]) -> pa.Table:
    """The table with the columns of unfit types as text."""
    for index, field in enumerate(table.schema):
        if is_unfit(field.type):
            texts = [None if value is None else str(value) for value in table.column(index).to_pylist()]
            table = table.set_column(index, field.name, pa.array(texts, pa.string()))
    return table
