"""`/api/export`: candles of a range as a file, CSV or Parquet, with the warehouse's exact decimals."""

import io
from datetime import datetime

import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import csv
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from candlewick.dashboard.answers import answering
from candlewick.dashboard.catalogue import Catalogue, RequestError
from candlewick.dashboard.reader import Reader, Reads, instant

MOST_ROWS = 100_000
MEDIA_TYPES = {"csv": "text/csv", "parquet": "application/vnd.apache.parquet"}


class Export:
    """The route over a reader of the warehouse."""

    def __init__(self, reader: Reader, reads: Reads, catalogue: Catalogue) -> None:
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
        headers = {"Content-Disposition": f'attachment; filename="{symbol}-{timeframe}.{kind}"'}
        return Response(content, media_type=MEDIA_TYPES[kind], headers=headers | {"Cache-Control": "no-store"})

    def _file(self, kind: str, symbol: str, timeframe: str, start: datetime | None, end: datetime | None) -> bytes:
        table = self._reader.candles(symbol, timeframe, start, end, MOST_ROWS)
        return csv_bytes(table) if kind == "csv" else parquet_bytes(table)


def csv_bytes(table: pa.Table) -> bytes:
    """Write a table as CSV with a header; decimals keep all their digits, times are ISO 8601 in UTC."""
    buffer = io.BytesIO()
    csv.write_csv(table, buffer)
    return buffer.getvalue()


def parquet_bytes(table: pa.Table) -> bytes:
    """Write a table as Parquet, with the warehouse's types."""
    buffer = io.BytesIO()
    pq.write_table(table, buffer, compression="zstd")
    return buffer.getvalue()
