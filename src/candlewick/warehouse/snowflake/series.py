"""Pure: the candles of one symbol and timeframe that are held here, kept fresh by what has changed.

Settled candles are held from some open time on, without a gap; the tail is what the `…_LIVE` view shows beyond them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from candlewick.warehouse.snowflake.gold import CANDLE, COLUMNS, in_order, table_of

Key = tuple[str, str]
"""(symbol, timeframe)"""

MOST_ROWS = 50_000
BEGINNING = datetime(1970, 1, 1)


@dataclass
class Series:
    """All candles from `reaches` on are held. `seen` is the newest `loaded_at` among the settled ones.

    Where none is settled, `since` is: what was there before was looked for when the series was opened.
    """

    settled: pa.Table = field(default_factory=CANDLE.empty_table)
    tail: pa.Table = field(default_factory=CANDLE.empty_table)
    reaches: datetime = datetime.max
    since: datetime = BEGINNING
    _rows: pa.Table | None = field(default=None, repr=False)

    @property
    def seen(self) -> datetime:
        """Changes of settled candles that were loaded after this are not held yet."""
        newest = pc.max(self.settled["loaded_at"]).as_py()
        return self.since if newest is None else newest

    @property
    def newest(self) -> datetime:
        """The open time from which on the tail is asked for."""
        return self.settled["open_time"][-1].as_py() if self.settled.num_rows else self.since

    @property
    def rows(self) -> pa.Table:
        """All candles held, ascending by open_time; what the tail says goes before what is settled."""
        if self._rows is None:
            self._rows = _over(self.settled, self.tail)
        return self._rows

    def between(self, start: datetime | None, end: datetime | None, limit: int | None) -> pa.Table:
        """Return candles with `start` <= open_time < `end`, the newest `limit` of them."""
        rows = self.rows
        if start is not None:
            rows = rows.filter(pc.greater_equal(rows["open_time"], start))
        if end is not None:
            rows = rows.filter(pc.less(rows["open_time"], end))
        return rows if limit is None else rows.slice(max(0, rows.num_rows - limit))

    def lacks(self, start: datetime | None, end: datetime | None, limit: int | None) -> int | None:
        """Return how many older candles are needed for an answer: 0 for none, None for all from `start` on."""
        if self.reaches == BEGINNING or (start is not None and start >= self.reaches):
            return 0
        return None if limit is None else max(0, limit - self.between(start, end, limit).num_rows)

    def extend(self, older: pa.Table, reaches: datetime) -> None:
        """Put settled candles before those that are held, which are all from `reaches` on."""
        self.settled, self.reaches, self._rows = _over(older, self.settled), reaches, None

    def refresh(self, changed: pa.Table, tail: pa.Table) -> bool:
        """Take settled candles that have changed, and the tail anew; whether that changed anything."""
        changed = changed.filter(pc.greater_equal(changed["open_time"], self.reaches))
        if not changed.num_rows and tail.equals(self.tail):
            return False
        self.settled, self.tail, self._rows = _over(self.settled, changed), tail, None
        if self.settled.num_rows > MOST_ROWS:
            self.settled = self.settled.slice(self.settled.num_rows - MOST_ROWS)
            self.reaches = self.settled["open_time"][0].as_py()
        return True


def select_changes(series: Mapping[Key, Series]) -> tuple[str, list[Any]]:
    """Return one statement for what has changed of some series, and its parameters; `refresh_all` takes its rows."""
    parts: list[str] = []
    values: list[Any] = []
    for timeframe in sorted({timeframe for _, timeframe in series}):
        mine = {symbol: each for (symbol, of), each in series.items() if of == timeframe}
        head = f"select '{timeframe}' as timeframe, {{}} as is_settled, {COLUMNS} from {table_of(timeframe)}"
        settled = " or ".join(["(symbol = ? and loaded_at > ? and open_time >= ?)"] * len(mine))
        tail = " or ".join(["(symbol = ? and open_time >= ?)"] * len(mine))
        parts += [f"{head.format('true')} where {settled}", f"{head.format('false')}_live where {tail}"]
        values += [value for symbol, each in mine.items() for value in (symbol, each.seen, each.reaches)]
        values += [value for symbol, each in mine.items() for value in (symbol, each.newest)]
    return " union all ".join(parts), values


def refresh_all(series: Mapping[Key, Series], rows: pa.Table) -> bool:
    """Take the rows of `select_changes`; whether they changed anything."""
    changed = [each.refresh(*(_part(rows, key, settled) for settled in (True, False))) for key, each in series.items()]
    return any(changed)


def _part(rows: pa.Table, key: Key, is_settled: bool) -> pa.Table:
    symbol, timeframe = key
    is_mine = pc.and_(pc.equal(rows["symbol"], symbol), pc.equal(rows["timeframe"], timeframe))
    return in_order(rows.filter(pc.and_(is_mine, pc.equal(rows["is_settled"], is_settled))))


def _over(under: pa.Table, over: pa.Table) -> pa.Table:
    """Rows of both, ascending by open_time; of two of one time, the one of `over`."""
    if not over.num_rows:
        return under
    kept = under.filter(pc.invert(pc.is_in(under["open_time"], over["open_time"].combine_chunks())))
    return pa.concat_tables([kept, over]).sort_by("open_time").combine_chunks()
