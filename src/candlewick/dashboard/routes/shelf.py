"""The lake behind a candle: whether the day it lies in is sealed, and what holds its trades now."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import cached_property, lru_cache
from typing import Any

from candlewick.config import Settings
from candlewick.errors import CandlewickError, TornObjectError
from candlewick.lake.objects import Lake
from candlewick.lake.sealed.reference import RECORDER
from candlewick.seal import signing
from candlewick.seal.seals import Seals
from candlewick.warehouse.contract import Viewed

_DAYS = """
select day, state, why, digest, sealed_file, trade_count, declared_count
from gold.tape_days
where symbol = ? and day >= ? and day <= ?
order by day
"""
_CHECKED = 512
"""Days whose files are known to be what was certified, as long as their sizes and times are the same."""

Row = Mapping[str, Any]
Stamps = frozenset[tuple[str, int, datetime]]


class Shelf:
    """The lake of a dashboard's settings; opened when it is first asked for."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.url = settings.lake_url
        self._checked = lru_cache(maxsize=_CHECKED)(self._check)

    def days(self, reader: Viewed, symbol: str, opened: datetime, closed: datetime) -> list[dict[str, Any]]:
        """Return what is known of the UTC days that a candle lies in, each seal checked against its file."""
        last = (closed - timedelta(microseconds=1)).date()
        return [self._told(symbol, row) for row in reader.query(_DAYS, [symbol, opened.date(), last]).to_pylist()]

    def holding(self, symbol: str, rows: Sequence[Row]) -> list[dict[str, Any]]:
        """Return the objects of rows of SILVER.OBJECT_SPANS that are there; those that stand for a seal by its name.

        Only where a seal stands for some are the others looked for: no other object ever goes away.
        """
        if not any(row["recorder"] == RECORDER for row in rows):
            return [dict(row) for row in rows]
        there = self._there({str(row["object_name"]).rpartition("/")[0] for row in rows})
        kept = (row for row in rows if there is None or row["object_name"] in there)
        return [dict(row) | self._named(symbol, row) for row in kept]

    def _told(self, symbol: str, row: Row) -> dict[str, Any]:
        told = {**row, "day": str(row["day"])}
        if row["state"] != "sealed":
            return {**told, "verified": False, "problem": None}
        try:
            self._checked(symbol, row["day"], row["digest"], self._stamps(symbol, row["day"]))
        except CandlewickError as error:
            return {**told, "verified": False, "problem": str(error)}
        return {**told, "verified": True, "problem": None}

    def _check(self, symbol: str, day: date, digest: str, _: Stamps) -> None:
        """Read a sealed day's certificate and its file. Raises `LakeError` for what is wrong with them."""
        certificate = Seals(self._seals.lake).certificate(symbol, day)  # read now, whatever was read before
        signing.check(certificate)
        if certificate.digest != digest:
            raise TornObjectError(f"{symbol} {day}: its certificate is not the one that the warehouse was told of")
        self._seals.check(certificate)

    def _stamps(self, symbol: str, day: date) -> Stamps:
        """Return what lies there of a sealed day, how large, and since when. Raises `LakeError`."""
        stem = self._seals.name(symbol, day, "")
        found = self._seals.lake.files(stem.rpartition("/")[0], stem)
        return frozenset((each.name, each.size, each.modified) for each in found if each.name.startswith(stem))

    def _there(self, folders: set[str]) -> set[str] | None:
        """Return the names in folders; None where the lake cannot be asked now."""
        try:
            return {name for folder in folders for name in self._seals.lake.list_folder(folder)}
        except CandlewickError:
            return None

    def _named(self, symbol: str, row: Row) -> dict[str, Any]:
        """Return the sealed file in the place of an object that stands for a part of it."""
        if row["recorder"] != RECORDER:
            return {}
        day = date.fromisoformat(str(row["object_name"]).split("/")[-3])
        try:
            return {"object_name": self._seals.certificate(symbol, day).body["file"]["name"], "is_seal": True}
        except CandlewickError:
            return {}

    @cached_property
    def _seals(self) -> Seals:
        settings = self._settings
        return Seals(Lake.open(settings.lake_url, settings.prefix, settings.s3))
