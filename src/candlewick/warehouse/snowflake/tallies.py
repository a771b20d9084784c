"""How many candles have which verdict, counted anew only for the days that a cycle has touched."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

from candlewick.warehouse.periods import Touched, condition
from candlewick.warehouse.snowflake.connection import Connection


@dataclass
class Verdicts:
    """Counts by day; the first count is of all days, once in a process's life."""

    _by_day: dict[date, Counter[str]] = field(default_factory=dict)
    _is_counted: bool = False

    def count(self, connection: Connection, touched: Touched | None) -> Mapping[str, int]:
        """Count what lies in a period's days, and return the sum of all. Raises `WarehouseError`."""
        if touched is not None or not self._is_counted:
            days = _days(touched) if touched is not None and self._is_counted else None
            within = f" where {condition('open_time', [days])}" if days else ""
            if days:
                dropped = [day for day in self._by_day if days.opens.date() <= day < days.closes.date()]
                for day in dropped:
                    del self._by_day[day]
            asked = f"select cast(open_time as date), status, count(*) from gold.candle_audit{within} group by 1, 2"
            for day, status, count in connection.run(asked):
                self._by_day.setdefault(day, Counter())[status] = int(count)
            self._is_counted = True
        return dict(sum(self._by_day.values(), Counter()))


def _days(touched: Touched) -> Touched:
    """The whole days that a period lies in."""
    opens, closes = (each.replace(hour=0, minute=0, second=0, microsecond=0) for each in touched)
    return Touched(opens, closes + timedelta(days=1))
