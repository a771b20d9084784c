"""Pure: what was injected, when, and how much it hit: for logs, for the control endpoint, for a test that fails."""

from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from candlewick.fake_binance.faults.fault import Fault

_KEPT = 10_000
_NOTES = 8


@dataclass(slots=True)
class Entry:
    """A fault that began `at` (seconds since the start); `hits` counts the frames, answers or ends it made."""

    number: int
    at: float
    fault: Fault
    hits: int = 0
    notes: list[str] = field(default_factory=list)

    def hit(self, note: str | None = None) -> None:
        """Count a hit, and keep a word about it while there are few."""
        self.hits += 1
        if note and len(self.notes) < _NOTES:
            self.notes.append(note)

    def said(self) -> dict[str, Any]:
        """Return the entry for an answer in JSON."""
        return {"number": self.number, "began": round(self.at, 3), "hits": self.hits, "notes": self.notes} | {
            "fault": self.fault.said()
        }

    def __str__(self) -> str:
        said = ", ".join(f"{name}={value}" for name, value in self.fault.said().items() if name not in {"kind", "at"})
        notes = f" [{'; '.join(self.notes)}]" if self.notes else ""
        return f"{self.at:9.3f} s  #{self.number} {self.fault.kind}({said}): {self.hits} hits{notes}"


class Journal:
    """The faults in the order in which they began; the oldest are forgotten, but stay counted."""

    def __init__(self) -> None:
        self._entries: deque[Entry] = deque(maxlen=_KEPT)
        self.counts: Counter[str] = Counter()

    def begin(self, at: float, fault: Fault) -> Entry:
        """Note that a fault begins."""
        self.counts[fault.kind] += 1
        entry = Entry(self.counts.total(), at, fault)
        self._entries.append(entry)
        return entry

    def __iter__(self) -> Iterator[Entry]:
        return iter(self._entries)

    def __len__(self) -> int:
        return self.counts.total()

    def __str__(self) -> str:
        return "\n".join(map(str, self._entries)) or "no faults"
