"""Pure: a set of trade ids, kept as the spans it is made of.

A tape of billions of ids has few holes, so a set of them is a few pairs of numbers.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator

Range = tuple[int, int]
"""First and last trade id of a span, both inclusive."""


class Spans:
    """A set of ids as disjoint spans (`first..last`, both inclusive) that do not touch, in ascending order."""

    __slots__ = ("_firsts", "_lasts")

    def __init__(self, ranges: Iterable[Range] = ()) -> None:
        self._firsts: list[int] = []
        self._lasts: list[int] = []
        for first, last in ranges:
            self.add(first, last)

    def add(self, first: int, last: int) -> None:
        """Add the ids `first..last`; appending to the newest span costs nothing."""
        if self._lasts and first == self._lasts[-1] + 1:
            self._lasts[-1] = max(last, self._lasts[-1])
            return
        if first > last:
            return
        low = bisect_left(self._lasts, first - 1)
        high = bisect_right(self._firsts, last + 1)
        if low < high:
            first = min(first, self._firsts[low])
            last = max(last, self._lasts[high - 1])
        self._firsts[low:high] = [first]
        self._lasts[low:high] = [last]

    def remove(self, first: int, last: int) -> None:
        """Take the ids `first..last` out, where they are in."""
        if first > last:
            return
        low = bisect_left(self._lasts, first)
        high = bisect_right(self._firsts, last)
        rest = []
        if low < high:
            rest = [(self._firsts[low], first - 1), (last + 1, self._lasts[high - 1])]
            rest = [(start, end) for start, end in rest if start <= end]
        self._firsts[low:high] = [start for start, _ in rest]
        self._lasts[low:high] = [end for _, end in rest]

    def missing(self, first: int, last: int) -> "Spans":
        """Return the ids of `first..last` that are not in."""
        gaps = Spans()
        position = first
        for index in range(bisect_left(self._lasts, first), bisect_right(self._firsts, last)):
            gaps.add(position, self._firsts[index] - 1)
            position = self._lasts[index] + 1
        gaps.add(position, last)
        return gaps

    def holes(self) -> "Spans":
        """Return the ids that are not in, between the first and the last that are."""
        return self.missing(self._firsts[0], self._lasts[-1]) if self else Spans()

    def contiguous_from(self, trade_id: int) -> int | None:
        """Return the last id of the span that `trade_id` is in; None where it is in none."""
        index = bisect_left(self._lasts, trade_id)
        return self._lasts[index] if index < len(self._lasts) and self._firsts[index] <= trade_id else None

    def update(self, other: "Spans") -> None:
        """Add every id of another set."""
        for first, last in other:
            self.add(first, last)

    def without(self, other: "Spans") -> "Spans":
        """Return the ids that are in this set and not in another."""
        rest = self.copy()
        for first, last in other:
            rest.remove(first, last)
        return rest

    def common(self, other: "Spans") -> "Spans":
        """Return the ids that are in both sets."""
        return self.without(self.without(other))

    def copy(self) -> "Spans":
        """Return a set of the same ids that changes on its own."""
        twin = Spans()
        twin._firsts, twin._lasts = self._firsts.copy(), self._lasts.copy()
        return twin

    @property
    def first(self) -> int:
        """The lowest id. Raises `IndexError` where the set is empty."""
        return self._firsts[0]

    @property
    def last(self) -> int:
        """The highest id. Raises `IndexError` where the set is empty."""
        return self._lasts[-1]

    @property
    def count(self) -> int:
        """How many ids are in."""
        return sum(self._lasts) - sum(self._firsts) + len(self._firsts)

    def ranges(self) -> list[Range]:
        """Return the spans as pairs, ascending."""
        return list(self)

    def __contains__(self, trade_id: int) -> bool:
        return self.contiguous_from(trade_id) is not None

    def __iter__(self) -> Iterator[Range]:
        return iter(list(zip(self._firsts, self._lasts, strict=True)))

    def __reversed__(self) -> Iterator[Range]:
        return reversed(list(self))

    def __len__(self) -> int:
        return len(self._firsts)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Spans) and (self._firsts, self._lasts) == (other._firsts, other._lasts)

    __hash__ = None  # type: ignore[assignment]  # a set that changes cannot be a key

    def __repr__(self) -> str:
        return f"Spans({self.ranges()})"
