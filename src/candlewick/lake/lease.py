"""A recorder's lease of its name on a lake: two that write under one name would each forget what the other has written.

A lock on the data folder keeps one machine from starting two; the lease keeps two data folders apart, on one machine or
two. It is a small file in the lake, put only where none is, renewed while its holder runs, and over when it was not
renewed for a while. Its age is told by the store's own clock. Whoever takes over a lease that is over puts the next
number: of two that try, one gets it, and a holder that was only held up sees it and stops.

A recorder that was killed is not kept waiting by its own lease: its data folder has an identity, which a copy of it has
not.
"""

import os
import re
import secrets
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

import msgspec

from candlewick.errors import UNREADABLE, LakeError, LeaseError, ObjectExistsError, ObjectMissingError
from candlewick.lake.objects import Lake

SECONDS = 45.0
"""A lease that was not renewed for so long is over."""
RENEW_SECONDS = 15.0


class Holder(msgspec.Struct, frozen=True):
    """Who holds a lease: the identity of its data folder, and where to look for it."""

    identity: str
    host: str
    pid: int
    data: str


class Lease:
    """A lease that is held. Safe to use from several threads."""

    def __init__(
        self, lake: Lake, recorder: str, holder: Holder, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Take the lease. Raises `LeaseError` where another data folder has it, and `LakeError`."""
        self._lake = lake
        self._recorder = recorder
        self._holder = holder
        self._clock = clock
        self._number = self._take()
        self._renewed_at = clock()

    def check(self) -> None:
        """Renew the lease where it is time to; before every write. Raises `LeaseError` and `LakeError`."""
        if self._clock() - self._renewed_at >= RENEW_SECONDS:
            self.renew()

    def renew(self) -> None:
        """Renew the lease. Raises `LeaseError` where somebody has taken over, and `LakeError`."""
        now = self._clock()
        if newer := [number for number in self._numbers() if number > self._number]:
            raise self._taken(self._read(max(newer)), "has taken over while this one was held up")
        self._lake.replace(self._name(self._number), msgspec.json.encode(self._holder))
        self._renewed_at = now

    def release(self) -> None:
        """Give it back, so that another data folder need not wait; as far as the lake can be reached."""
        with suppress(LakeError):
            self._lake.delete(self._name(self._number))

    def _take(self) -> int:
        now, numbers = self._clock_of_store(), self._numbers()
        newest = max(numbers, default=0)
        holder = self._read(newest) if newest else None
        if holder is not None and holder.identity == self._holder.identity:
            self._lake.replace(self._name(newest), msgspec.json.encode(self._holder))
            return newest
        if newest and (left := SECONDS - (now - numbers[newest]).total_seconds()) > 0:
            raise self._taken(holder, f"records into it; if it is no more, wait {left:.0f} s")
        try:
            self._lake.put_absent(self._name(newest + 1), msgspec.json.encode(self._holder))
        except ObjectExistsError:
            raise self._taken(self._read(newest + 1), "has just taken the name") from None
        for number in numbers:
            with suppress(LakeError):
                self._lake.delete(self._name(number))
        return newest + 1

    def _taken(self, holder: Holder | None, what: str) -> LeaseError:
        who = f"from {holder.data} on {holder.host} (pid {holder.pid})" if holder else "from another data folder"
        return LeaseError(
            f"{self._lake.url}: another recorder named {self._recorder!r}, {who}, {what}; "
            "stop it, or set another `recorder`"
        )

    def _clock_of_store(self) -> datetime:
        """Return the time by the clock that the leases are dated by."""
        name = self._lake.staging(f"{self._recorder}.clock")
        self._lake.replace(name, b"")
        return next(item.modified for item in self._lake.files(name.rpartition("/")[0]) if item.name == name)

    def _numbers(self) -> dict[int, datetime]:
        """Return the leases of this name there are, and when each was renewed."""
        form = re.compile(re.escape(self._lake.staging(f"{self._recorder}.lease-")) + r"(\d{1,12})")
        found = [(form.fullmatch(item.name), item) for item in self._lake.files(self._lake.staging("").rstrip("/"))]
        return {int(match[1]): item.modified for match, item in found if match}

    def _read(self, number: int) -> Holder | None:
        """Return who holds a lease; None where that cannot be told."""
        with suppress(ObjectMissingError, *UNREADABLE):
            return msgspec.json.decode(self._lake.get(self._name(number)), type=Holder)
        return None

    def _name(self, number: int) -> str:
        return self._lake.staging(f"{self._recorder}.lease-{number}")


@contextmanager
def leased(lake: Lake, recorder: str, folder: Path) -> Iterator[Lease]:
    """Hold the lease of a name for what runs on a data folder (that of its checkpoints), and give it back then.

    Raises `LeaseError` where another data folder has it, and `LakeError`.
    """
    lease = Lease(lake, recorder, Holder(identity_of(folder), socket.gethostname(), os.getpid(), str(folder.parent)))
    try:
        yield lease
    finally:
        lease.release()


def identity_of(folder: Path) -> str:
    """Return what tells a data folder from any other, a copy of it, too: a file in it, and which one that is."""
    path = folder / "identity"
    with suppress(FileExistsError), path.open("x") as file:
        file.write(secrets.token_hex(16))
    return f"{path.read_text().strip()}.{path.stat().st_ino}"
