"""A day of the tape, every day: copy it with daily.py into Airflow's folder of DAGs. Airflow 2.4 or newer."""

from datetime import datetime

import daily
from airflow.decorators import dag, task

SYMBOL = "BTCUSDT"
CONFIG = "/etc/candlewick/candlewick.toml"


@dag(schedule="30 2 * * *", start_date=datetime(2026, 11, 1), catchup=True, max_active_runs=1)
def candlewick_day() -> None:
    """Fill the day before, load it, prove it."""

    @task(retries=3)
    def fill(day: str) -> int:
        return daily.fill(SYMBOL, day, CONFIG)

    @task(retries=3)
    def load(_trades: int) -> int | None:
        return daily.load(CONFIG)

    @task
    def prove(day: str, _version: int | None) -> dict[str, int]:
        return daily.prove(SYMBOL, day, CONFIG)

    day = "{{ data_interval_start | ds }}"
    prove(day, load(fill(day)))


candlewick_day()
