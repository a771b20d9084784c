"""Days that come whole from the exchange's archive: sealed at once, with no raw object between.

The file was checked by its checksum. Its ids have to be in a row and go on from the sealed day before, each of its
minutes has to be the exchange's own candle, as for every day; one that is not is left to be fetched as raw objects.
"""

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import structlog

from candlewick.binance import daily_file
from candlewick.errors import ArchiveError, ObjectMissingError
from candlewick.lake.sealed import lines
from candlewick.lake.sealed.day import Day, Gathered, column
from candlewick.lake.sealed.lines import OLDEST_MICROSECOND, SCHEMA, Candle
from candlewick.moments import now_us
from candlewick.seal import notes
from candlewick.seal.certificate import Certificate
from candlewick.seal.referring import refer
from candlewick.seal.sealing import Sealer, finding_of
from candlewick.spans import Range

log = structlog.get_logger()


@dataclass(frozen=True)
class Arriving:
    """Seals archive files of one lake. Satisfies `backfill.job.Sealing`."""

    sealer: Sealer

    def known(self, symbol: str, day: date) -> Range | None:
        """Return the ids of a day that is sealed already, and see that whoever reads the lake finds it."""
        try:
            certificate = self.sealer.seals.certificate(symbol, day)
        except ObjectMissingError:
            return None
        return self._told(certificate)

    def seal(self, symbol: str, day: date, path: Path, candles: list[bytes]) -> Range | str:
        """Seal a day of its file and candles (raw lines); return its ids, or why it cannot be. Raises `LakeError`.

        Its trades count as received at the moment that its certificate names: so its file can be made of the archive's
        again (`restoring`).
        """
        with self.sealer.spool() as spool:
            try:
                made = _made(Gathered(symbol, day, spool), path, candles, at := now_us())
            except (ArchiveError, OverflowError, pa.ArrowInvalid) as error:
                return str(error)
            finding = self.sealer.conclude(symbol, made, at)
        if finding.state != "sealed":
            return finding.reason
        return self._told(self.sealer.seals.certificate(symbol, day))

    def _told(self, certificate: Certificate) -> Range:
        seals, lake = self.sealer.seals, self.sealer.lake
        made = refer(lake, certificate, seals.content(certificate), seals.evidence(certificate))
        notes.tell(lake, [notes.note_of(finding_of(certificate), made)], now_us())
        return certificate.body["first_id"], certificate.last_id


def _made(gathered: Gathered, path: Path, candles: list[bytes], received_at: int) -> Day:
    """Make a day of its file and candles. Raises `ArchiveError`, `OverflowError`, `pa.ArrowInvalid`."""
    for rows in daily_file.batches(path):
        gathered.trades.extend(columns_of(rows, received_at))
    for line in candles:
        if isinstance(event := lines.read(line), Candle):
            gathered.candles[line] = event
    return gathered.assemble()


def columns_of(rows: pa.RecordBatch, received_at: int) -> pa.RecordBatch:
    """Turn rows of an archive's file into the columns of trades, with nothing lost. Raises `pa.ArrowInvalid`."""
    time = column(pa.table({"time": rows["time"]}), "time")
    is_in_ms = time < OLDEST_MICROSECOND
    at = np.where(is_in_ms, time * 1_000, time)
    columns = {
        "trade_id": rows["id"],
        "traded_at": pa.array(at),
        "is_buyer_maker": rows["is_buyer_maker"],
        "event_at": pa.array(at),
        "received_at": pa.repeat(pa.scalar(received_at, pa.int64()), rows.num_rows),
        "source": pa.repeat(pa.scalar("archive"), rows.num_rows),
        "is_best_match": rows["is_best_match"],
        "is_in_ms": pa.array(is_in_ms),
        "line": pa.nulls(rows.num_rows, pa.binary()),
    }
    for name in ("price", "quantity"):
        columns[name], columns[f"{name}_places"] = _digits(rows[name])
    return pa.RecordBatch.from_arrays([columns[name] for name in SCHEMA.names], schema=SCHEMA)


def _digits(text: pa.Array) -> tuple[pa.Array, pa.Array]:
    """Return numbers' digits without the point, and how many are behind it."""
    point = pc.find_substring(text, ".")
    behind = pc.subtract(pc.subtract(pc.utf8_length(text), point), 1)
    places = pc.if_else(pc.equal(point, -1), 0, behind)
    return pc.cast(pc.replace_substring(text, ".", ""), pa.int64()), pc.cast(places, pa.uint8())
