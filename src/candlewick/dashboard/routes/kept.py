"""Answers that are written already: as long as a version of the warehouse lasts, a question is worked on once.

Many charts ask for the same candles, and most of a page's cost is writing and compressing it. What is kept is bounded,
and of one version only.
"""

import gzip
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import blake2b

from candlewick.dashboard.reads import Reads

MOST_BYTES = 32 * 2**20
_QUICK = 2
"""gzip's level: it takes half the time of the next ones, for pages that are a twentieth larger."""


@dataclass(frozen=True)
class Written:
    """A JSON text as bytes, as they are and compressed, and a tag that no other text has."""

    plain: bytes
    zipped: bytes
    tag: str

    @classmethod
    def of(cls, text: str) -> "Written":
        """Write a text."""
        plain = text.encode()
        tag = f'W/"{blake2b(plain, digest_size=16).hexdigest()}"'
        return cls(plain, gzip.compress(plain, _QUICK, mtime=0), tag)

    @property
    def size(self) -> int:
        """In bytes."""
        return len(self.plain) + len(self.zipped)


class Kept:
    """Answers by question, the ones that were not asked for longest dropped. Safe to use from several threads."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most_bytes = most_bytes
        self._bytes = 0
        self._version: object = None
        self._answers: OrderedDict[object, Written] = OrderedDict()
        self._lock = threading.Lock()

    def held(self, version: object, question: object) -> Written | None:
        """Return the answer of a version where it is kept; waits for nobody who works one out."""
        with self._lock:
            if version != self._version or question not in self._answers:
                return None
            self._answers.move_to_end(question)
            return self._answers[question]

    def answer(self, version: object, question: object, work_out: Callable[[], str]) -> Written:
        """Return the answer of a version, worked out where it is not kept.

        `version` must have been read before the rows are: an answer may be newer than its version, never older.
        """
        if held := self.held(version, question):
            return held
        written = Written.of(work_out())
        with self._lock:
            if version != self._version:
                self._version, self._bytes = version, 0
                self._answers.clear()
            if question not in self._answers:
                self._answers[question] = written
                self._bytes += written.size
            while self._bytes > self._most_bytes and len(self._answers) > 1:
                self._bytes -= self._answers.popitem(last=False)[1].size
        return written

    async def given(self, reads: Reads, version: object, question: object, work_out: Callable[[], str]) -> Written:
        """Return what `answer` does: what is kept at once, the rest when a thread of `reads` has worked it out."""
        held = self.held(version, question)
        return await reads(self.answer, version, question, work_out) if held is None else held
