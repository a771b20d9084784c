"""Which days are to be looked at again, and when: a file beside the checkpoints.

A day that is sealed, and was told of, is forgotten here but for its date: the file is as long as there is something to
do, whatever the history. Lost, it is made again by looking at every day once.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import msgspec

from candlewick.errors import UNREADABLE
from candlewick.moments import DAY
from candlewick.process.files import replace_atomically
from candlewick.seal.following import Mark
from candlewick.seal.sealing import Finding

FIRST_WAIT, LONGEST_WAIT = 3_600_000_000, 30 * DAY
"""µs until a day that could not be sealed is looked at again: each time twice as long, whatever came sooner."""

MOST_TIMES = 3
"""How often a day's raw objects are looked at, a day apart: what is in no sealed file by then stays."""


class Entry(msgspec.Struct):
    """A day of a symbol that is not done with: when it was last looked at (µs since the epoch).

    `attempts` is how often it could not be sealed; `is_told`: whoever reads the lake can know how it stands.
    """

    finding: Finding
    looked_at: int
    attempts: int = 0
    is_told: bool = False

    @property
    def is_sealed(self) -> bool:
        """Whether the day is sealed."""
        return self.finding.state == "sealed"


class _Kept(msgspec.Struct):
    entries: list[Entry] = []
    whole: list[date] = []
    let_go: dict[date, tuple[int, int]] = {}
    late: dict[date, list[str]] = {}
    marks: dict[str, Mark] = {}


class Ledger:
    """The days by symbol and day, and which of them were looked at `whole`: of all symbols."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            kept = msgspec.json.decode(path.read_bytes(), type=_Kept)
        except (OSError, *UNREADABLE):
            kept = _Kept()
        self._entries = {(entry.finding.symbol, entry.finding.day): entry for entry in kept.entries}
        self._whole = set(kept.whole)
        self._let_go = kept.let_go
        self._late = kept.late
        self.marks = kept.marks

    def __iter__(self) -> Iterator[Entry]:
        return iter(entry for _, entry in sorted(self._entries.items()))

    def note(self, day: date, findings: Iterable[Finding], now: int, *, is_whole: bool) -> None:
        """Remember what was found of a day, durably; `is_whole` where all of its symbols were looked at."""
        found, has_more_sealed = list(findings), False
        for finding in found:
            before = self._entries.get((finding.symbol, finding.day))
            was_open = not is_whole or (before is not None and not before.is_sealed)
            has_more_sealed |= was_open and finding.state == "sealed"
            attempts = 0 if finding.state == "sealed" else 1 + (before.attempts if before else 0)
            is_told = before is not None and before.is_told and _is_alike(before.finding, finding)
            self._entries[finding.symbol, finding.day] = Entry(finding, now, attempts, is_told)
        if is_whole:
            self._whole.add(day)
        left = set() if is_whole else set(self._late.get(day, ())) - {finding.symbol for finding in found}
        self._late.pop(day, None)
        if left:
            self._late[day] = sorted(left)
        if has_more_sealed:  # objects with that symbol may go now, too: those of midnight lie in either day's folders
            for each in (day - timedelta(days=1), day, day + timedelta(days=1)):
                self._let_go.pop(each, None)
        self._save()

    def came(self, keys: Iterable[tuple[str, date]], marks: dict[str, Mark]) -> None:
        """Remember, durably, that trades came of days of symbols, and how far recorders were followed for it.

        One that could not be sealed is looked at again soon; one of a day that was looked at without it is late.
        """
        for symbol, day in keys:
            if (entry := self._entries.get((symbol, day))) is not None and not entry.is_sealed:
                entry.attempts = 1
            elif day in self._whole:
                self._late[day] = sorted({symbol, *self._late.get(day, ())})
        self.marks = marks
        self._save()

    def late(self) -> dict[date, list[str]]:
        """Return the symbols that came to days which were looked at before, oldest day first."""
        return dict(sorted(self._late.items()))

    def untold(self) -> list[Finding]:
        """Return what nobody was told yet, by symbol and day."""
        return [entry.finding for entry in self if not entry.is_told]

    def told(self) -> None:
        """Remember that all was told, durably, and forget what is done with."""
        for entry in self._entries.values():
            entry.is_told = True
        self._entries = {key: entry for key, entry in self._entries.items() if not entry.is_sealed}
        self._save()

    def open_ones(self, day: date) -> list[str]:
        """Return the symbols of which a day is known not to be sealed."""
        return [
            symbol for (symbol, each), entry in sorted(self._entries.items()) if each == day and not entry.is_sealed
        ]

    def is_due(self, day: date, now: int, *, waits: bool = True) -> bool:
        """Whether a day is to be looked at: not all of it was before, or a symbol is not sealed and its wait is over.

        Without `waits` the wait is not waited for.
        """
        open_ones = [entry for (_, each), entry in self._entries.items() if each == day and not entry.is_sealed]
        is_over = any(not waits or now >= entry.looked_at + _wait(entry.attempts) for entry in open_ones)
        return day not in self._whole or is_over

    def may_be_let_go(self, day: date, now: int) -> bool:
        """Whether raw objects of a day may be left that can go: it is looked at thrice, a day between."""
        times, last = self._let_go.get(day, (0, 0))
        return times < MOST_TIMES and (not times or now >= last + DAY)

    def let_go(self, day: date, now: int) -> None:
        """Remember that a day's raw objects that could go are gone, durably."""
        self._let_go[day] = self._let_go.get(day, (0, 0))[0] + 1, now
        self._save()

    def _save(self) -> None:
        kept = _Kept(list(self), sorted(self._whole), self._let_go, self._late, self.marks)
        replace_atomically(self._path, msgspec.json.encode(kept))


def _is_alike(one: Finding, other: Finding) -> bool:
    """Whether both say the same of a day, however much was fetched for it."""
    return replace(one, healed=0) == replace(other, healed=0)


def _wait(attempts: int) -> int:
    return min(LONGEST_WAIT, FIRST_WAIT << min(max(attempts, 1) - 1, 10))
