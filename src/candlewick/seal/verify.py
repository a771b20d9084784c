#!/usr/bin/env python3
"""Check a Candlewick proof without Candlewick: one file, nothing but Python's standard library (3.10 or later).

    python verify.py BTCUSDT-2026-11-26.proof.zip                    a bundle with its trades
    python verify.py BUNDLE --key 3f2a…                              ... signed by this key and no other
    python verify.py BUNDLE --trades BTCUSDT-trades-2026-11-26.zip   your own trades, or Binance's file of that day
    python verify.py TRADE.inclusion.json [--key 3f2a…]              one trade of a sealed day

Exit code 0: everything holds. 1: something does not, and its first trade id is named. 2: it cannot be read.
"""

from __future__ import annotations

import argparse
import base64
import json
import sys
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256, sha512
from typing import IO, Any

MINUTE = 60_000
FIELDS = ["open", "high", "low", "close", "volume", "quote_volume", "trade_count"]
FIELDS += ["taker_buy_volume", "taker_buy_quote_volume"]
LARGEST_CERTIFICATE = 1 << 24
LONGEST_LINE = 300
BROKEN_ZIP = zipfile.BadZipFile, zlib.error, EOFError, RuntimeError
UNREADABLE = ValueError, KeyError, TypeError, IndexError, AttributeError, OverflowError, OSError, *BROKEN_ZIP
CANNOT_KNOW = """\
What no proof of this kind can know:
  - whether the exchange told the truth: ids and candles are its own words, and they agree with each other;
  - whether who signed made up ids, candles and trades together so that they agree: compare the candles with the
    exchange's (GET /api/v3/klines) or the trades with its archive; a time stamp of others says since when they stand;
  - who owns the key, unless you have it from them and gave it as --key."""


@dataclass
class Report:
    """What was found: problems, the first bad trade id, and what holds."""

    problems: list[str] = field(default_factory=list)
    holds: list[str] = field(default_factory=list)
    first_bad: int | None = None

    def problem(self, text: str, trade_id: int | None = None) -> None:
        """Note what does not hold; the lowest id that is named is the first bad one."""
        self.first_bad = min((each for each in (trade_id, self.first_bad) if each is not None), default=None)
        self.problems.append(text)


# Ed25519 (RFC 8032, section 5.1), checking only: no secret passes through here, so nothing has to take constant time.
P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
Point = tuple[int, int, int, int]


def point_of(data: bytes) -> Point:
    """Read a point. Raises ValueError where these bytes are none."""
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & ((1 << 255) - 1)
    x2 = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(x2, (P + 3) // 8, P)
    x = x if (x * x - x2) % P == 0 else x * pow(2, (P - 1) // 4, P) % P
    if y >= P or (x * x - x2) % P or (x == 0 and sign):
        raise ValueError("not a point of the curve")
    x = P - x if x & 1 != sign else x
    return x, y, 1, x * y % P


def add(one: Point, other: Point) -> Point:
    """Add two points in extended coordinates."""
    a, b = (one[1] - one[0]) * (other[1] - other[0]) % P, (one[1] + one[0]) * (other[1] + other[0]) % P
    c, d = 2 * one[3] * other[3] * D % P, 2 * one[2] * other[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def times(number: int, point: Point) -> Point:
    """Multiply a point."""
    if not number:
        return 0, 1, 1, 0
    half = times(number >> 1, add(point, point))
    return add(half, point) if number & 1 else half


def is_signed(key: bytes, message: bytes, signature: bytes) -> bool:
    """Whether an Ed25519 signature is this key's of this message."""
    s = int.from_bytes(signature[32:], "little")
    if len(key) != 32 or len(signature) != 64 or s >= L:
        return False
    try:
        a, r = point_of(key), point_of(signature[:32])
    except ValueError:
        return False
    base = point_of((4 * pow(5, -1, P) % P).to_bytes(32, "little"))
    h = int.from_bytes(sha512(signature[:32] + key + message).digest(), "little")
    one, other = times(s, base), add(r, times(h % L, a))
    return all((one[each] * other[2] - other[each] * one[2]) % P == 0 for each in (0, 1))


def canonical(value: dict[str, Any]) -> bytes:
    """Write JSON in the one way that is signed and counted."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def read_certificate(content: bytes) -> tuple[dict[str, Any], dict[str, str] | None]:
    """Return a certificate's body and signature (None where nobody signed). Raises ValueError."""
    body = json.loads(content)
    if canonical(body) != content.rstrip(b"\n") or (body["format"], body["version"]) != ("candlewick-seal", 1):
        raise ValueError("not a certificate of version 1 in canonical JSON")
    return body, body.pop("signature", None)


def digest_of(body: dict[str, Any]) -> str:
    """Return what the next day's certificate names."""
    return sha256(canonical(body)).hexdigest()


def head_of(body: dict[str, Any]) -> str:
    """Return the text that is signed."""
    what = f"{body['symbol']} {body['day']}\n{body['first_id']}..{body['last_id']} {body['count']}"
    return f"candlewick-seal/1\n{what}\n{body['merkle_root']}\n{digest_of(body)}\n"


def check_signature(report: Report, head: str, signature: dict[str, str] | None, key: str | None) -> None:
    """Check who signed a head."""
    if signature is None:
        report.problem("nobody signed it, and a key was asked for") if key else report.holds.append("nobody signed it")
        return
    public = signature["public_key"]
    if not is_signed(bytes.fromhex(public), head.encode(), bytes.fromhex(signature["value"])):
        report.problem("the signature is not of this certificate")
    elif key and public.lower() != key.lower():
        report.problem(f"signed by another key: {public}")
    else:
        report.holds.append(f"signed by {public}{'' if key else ' (whose? give it as --key)'}")


def check_chain(report: Report, body: dict[str, Any], before: dict[str, Any] | None) -> None:
    """Check that a day follows the certificate it names; `before` is that one's body, None where it is not here."""
    named, first = body["previous"], body["first_id"]
    if named is None:
        report.holds.append("begins a chain: it claims nothing about the days before it")
        return
    follows = f"follows {named['day']}, certificate {named['digest'][:16]}…"
    if before is not None and (before["symbol"], before["day"], before["last_id"], digest_of(before)) != (
        *(body["symbol"], named["day"], named["last_id"], named["digest"]),
    ):
        report.problem("the chain is broken: the certificate before it is another one", first)
    elif day_starts(body["day"]) - day_starts(named["day"]) != 1_440 * MINUTE:
        report.holds.append(f"{follows}; no day between them is claimed")
    elif Expected(body, named["last_id"] + 1).next != Expected(body, first).next or named["last_id"] >= first:
        report.problem(f"the chain is broken: the day before ends with id {named['last_id']}", named["last_id"] + 1)
    else:
        report.holds.append(follows + ("" if before is not None else ": that one is not here"))


def day_starts(day: str) -> int:
    """Return a day's first ms since the epoch, by the civil calendar."""
    year, month, date = (int(each) for each in day.split("-"))
    year, month = (year - 1, month + 9) if month < 3 else (year, month - 3)
    days = 365 * year + year // 4 - year // 100 + year // 400 + (153 * month + 2) // 5 + date - 1 - 719_468
    return days * 1_440 * MINUTE


def scaled(text: str, places: int) -> int:
    """Return a number as a whole one, of so many places. Raises ValueError where it does not fit."""
    whole, _, fraction = text.partition(".")
    kept, rest = fraction[:places], fraction[places:]
    if rest.strip("0") or not (whole + fraction).isdigit():
        raise ValueError(f"{text!r} is no number of {places} places")
    return int(whole + kept + "0" * (places - len(kept)))


def is_equal(mine: int, theirs: str, places: int) -> bool:
    """Whether a whole number of so many places is what the exchange wrote."""
    try:
        return mine == scaled(theirs, places)
    except ValueError:
        return False


def point_in(number: int, places: int) -> str:
    """Write a whole number with a point before its last places."""
    text = str(number).zfill(places + 1)
    return f"{text[:-places]}.{text[-places:]}" if places else text


Row = tuple[bytes, int, int, int, int, bool]


def trades_of(file: IO[bytes], price_places: int, quantity_places: int) -> Iterator[Row]:
    """Read lines: canonical ones, or rows of Binance's archive. Give the canonical line and its five values."""
    while line := file.readline(LONGEST_LINE):
        text = line.rstrip(b"\r\n")
        parts = text.decode("ascii").split(",")
        if len(parts) == 7:  # id, price, quantity, quote amount, time (ms or µs), is buyer maker, is best match
            time = int(parts[4]) // (1_000 if len(parts[4]) > 14 else 1)
            price, quantity = scaled(parts[1], price_places), scaled(parts[2], quantity_places)
            numbers = f"{point_in(price, price_places)},{point_in(quantity, quantity_places)}"
            maker = parts[5].lower() == "true"
            yield f"{parts[0]},{numbers},{time},{maker:d}".encode(), int(parts[0]), price, quantity, time, maker
        else:
            trade_id, one, other, at, side = parts
            price, quantity = scaled(one, price_places), scaled(other, quantity_places)
            yield text, int(trade_id), price, quantity, int(at), side == "1"


class Root:
    """The Merkle root of leaves as they come (RFC 6962): one node for each bit of their number."""

    def __init__(self) -> None:
        self.stack: list[tuple[int, bytes]] = []

    def add(self, node: bytes) -> None:
        """Add a leaf."""
        size = 1
        while self.stack and self.stack[-1][0] == size:
            node, size = sha256(b"\1" + self.stack.pop()[1] + node).digest(), size * 2
        self.stack.append((size, node))

    def value(self) -> str:
        """Return the root in hex."""
        node = self.stack[-1][1] if self.stack else sha256().digest()
        for _, left in reversed(self.stack[:-1]):
            node = sha256(b"\1" + left + node).digest()
        return node.hex()


class Expected:
    """The ids that must come, one by one, from `first` on: all but the declared ones."""

    def __init__(self, body: dict[str, Any], first: int) -> None:
        self.declared = sorted((each["first"], each["last"]) for each in body["declared"])
        self.next = self.skip(first)

    def skip(self, trade_id: int) -> int:
        """Return the first id from this one on that is not declared."""
        for first, last in self.declared:
            trade_id = last + 1 if first <= trade_id <= last else trade_id
        return trade_id


def check_trades(report: Report, body: dict[str, Any], file: IO[bytes], leaves: bytes | None) -> None:
    """Check ids, leaves, root and candles of a day's trades; stop at the first one that is not what it should be."""
    places = body["places"]["price"], body["places"]["quantity"]
    cut, grow = 10 ** max(0, sum(places) - 8), 10 ** max(0, 8 - sum(places))
    expected, root, count, start = Expected(body, body["first_id"]), Root(), 0, day_starts(body["day"])
    minutes: dict[int, list[int]] = {}
    try:
        for line, trade_id, price, quantity, time, maker in trades_of(file, *places):
            if trade_id != expected.next:
                bad = min(trade_id, expected.next)
                what = "is missing" if trade_id > bad else f"is there where {expected.next} should be"
                return report.problem(f"trade {bad} {what}", bad)
            leaf = sha256(b"\0" + line).digest()
            if leaves is not None and leaves[4 * count : 4 * count + 4] != leaf[:4]:
                return report.problem(f"trade {trade_id} is not the sealed one: {line.decode()}", trade_id)
            root.add(leaf)
            number = (time - start) // MINUTE
            quote = price * quantity // cut * grow
            m = minutes.get(number)
            if m is None:
                m = minutes[number] = [price, price, price, price, 0, 0, 0, 0, 0, trade_id]
            m[1], m[2], m[3] = max(m[1], price), min(m[2], price), price
            m[4] += quantity
            m[5] += quote
            m[6] += 1
            if not maker:
                m[7] += quantity
                m[8] += quote
            count += 1
            expected.next = expected.skip(trade_id + 1) if expected.declared else trade_id + 1
    except UNREADABLE as error:
        return report.problem(f"trade {expected.next} cannot be read: {error}", expected.next)
    if count != body["count"] or expected.next != expected.skip(body["last_id"] + 1):
        bad = min(expected.next, body["last_id"] + 1)
        return report.problem(f"the trades end before id {expected.next}, sealed are those to {body['last_id']}", bad)
    check_candles(report, body, minutes, [places[0]] * 4 + [places[1], 8, 0, places[1], 8])
    if root.value() != body["merkle_root"]:
        return report.problem("the Merkle root is another one", body["first_id"] if report.first_bad is None else None)
    ids = f"ids {body['first_id']}..{body['last_id']}, {sum(b - a + 1 for a, b in expected.declared)} declared missing"
    return report.holds.append(f"{count} trades, {ids}; Merkle root {root.value()[:16]}…")


def check_candles(report: Report, body: dict[str, Any], minutes: dict[int, list[int]], places: list[int]) -> None:
    """Check every minute against the exchange's candle, in nine fields; `places` are those of each."""
    start, seen = day_starts(body["day"]), set()
    if body["candle_fields"] != ["open_time", *FIELDS]:
        report.problem("the candles have other fields than expected")
    for opens, *nine in body["candles"]:
        number = (opens - start) // MINUTE
        ours = minutes.get(number, [0] * 9)
        compared = zip(FIELDS, ours, map(str, nine), places, strict=False)
        wrong = [name for name, mine, theirs, scale in compared if not is_equal(mine, theirs, scale)]
        wrong = wrong if number in minutes else [name for name in wrong if name not in FIELDS[:4]]  # none has a price
        if len(nine) != 9 or number in seen or not 0 <= number < 1_440 or (opens - start) % MINUTE:
            wrong.append("its place")
        if wrong:
            text = f"the minute {number // 60:02}:{number % 60:02} is not the exchange's in {', '.join(wrong)}"
            report.problem(text, ours[9] if number in minutes else None)
        seen.add(number)
    for number in sorted(set(minutes) - seen):
        report.problem(f"minute {number} of the day has trades and no candle of the exchange", minutes[number][9])
    if not report.problems:
        report.holds.append(f"{len(seen)} candles of the exchange equal those of the trades in nine fields")


def member(archive: zipfile.ZipFile, name: str, size: int = LARGEST_CERTIFICATE) -> bytes | None:
    """Read a member of a bundle whole; None where it is not there, or larger than it may be."""
    is_there = name in archive.namelist() and archive.getinfo(name).file_size <= size
    return archive.read(name) if is_there else None


def check_bundle(path: str, key: str | None, trades: str | None) -> list[tuple[str, Report]]:
    """Check a bundle; return what was found of each day."""
    reports = []
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        folders = sorted(name[: -len("certificate.json")] for name in names if name.endswith("/certificate.json"))
        if not folders or len(names) != len(set(names)):
            raise ValueError("the bundle has no certificate, or a name twice")
        before = read_certificate(found)[0] if (found := member(archive, "previous.certificate.json")) else None
        for folder in folders:
            report = Report()
            body, signature = read_certificate(member(archive, f"{folder}certificate.json") or b"")
            reports.append((f"{body['symbol']} {body['day']}", report))
            check_signature(report, head_of(body), signature, key)
            check_chain(report, body, before)
            leaves = member(archive, f"{folder}leaves.bin", 4 * body["count"]) or b""
            sealed = leaves if sha256(leaves).hexdigest() == body["leaf_prefixes_sha256"] else None
            if trades is not None and len(folders) == 1:
                is_zip = zipfile.is_zipfile(trades)
                with zipfile.ZipFile(trades) if is_zip else open(trades, "rb") as given:  # noqa: PTH123
                    file = given.open(given.namelist()[0]) if isinstance(given, zipfile.ZipFile) else given
                    check_trades(report, body, file, sealed)
            elif f"{folder}trades.csv" in names:
                with archive.open(f"{folder}trades.csv") as file:
                    check_trades(report, body, file, sealed)
            else:
                report.holds.append("its trades are not here: give yours as --trades, or trust its certificate alone")
            before = body
    return reports


def check_inclusion(content: bytes, key: str | None) -> list[tuple[str, Report]]:
    """Check that one trade is in a sealed day."""
    proof, report = json.loads(content), Report()
    _, what, ids, root, *_ = proof["head"].split("\n")
    node, index, last = sha256(b"\0" + proof["trade"].encode()).digest(), proof["index"], int(ids.split(" ")[1]) - 1
    is_inside = 0 <= index <= last
    for sibling in map(base64.b64decode, proof["path"]):
        while index == last and not index & 1 and last:  # a node without a sibling moves up as it is
            index, last = index >> 1, last >> 1
        node = sha256(b"\1" + (sibling + node if index & 1 else node + sibling)).digest()
        index, last = index >> 1, last >> 1
    trade_id = int(proof["trade"].split(",")[0])
    if is_inside and not last and node.hex() == root:
        report.holds.append(f"trade {proof['trade']} is one of those sealed")
    else:
        report.problem(f"trade {trade_id} is not in the tree: {proof['trade']}", trade_id)
    check_signature(report, proof["head"], proof.get("signature"), key)
    return [(what, report)]


def verify(path: str, key: str | None = None, trades: str | None = None) -> list[tuple[str, Report]]:
    """Check a bundle or an inclusion proof; return the report on each day. Raises what UNREADABLE lists."""
    if zipfile.is_zipfile(path):
        return check_bundle(path, key, trades)
    with open(path, "rb") as file:  # noqa: PTH123
        return check_inclusion(file.read(1 << 16), key)


def main() -> int:
    """Check what the command line names, and say what holds."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("proof")
    parser.add_argument("--key", help="the public key (hex) that must have signed")
    parser.add_argument("--trades", help="a file of the day's trades, in place of the bundle's")
    options = parser.parse_args()
    try:
        reports = verify(options.proof, options.key, options.trades)
    except UNREADABLE as error:
        print(f"NOT A PROOF: {error or type(error).__name__}")
        return 2
    for name, report in reports:
        print(f"{name}: {'DOES NOT HOLD' if report.problems else 'holds'}")
        print("".join(f"  ! {line}\n" for line in report.problems[:20]), end="")
        print("" if report.first_bad is None else f"  ! first bad trade id: {report.first_bad}\n", end="")
        print("".join(f"  - {line}\n" for line in report.holds), end="")
    print(CANNOT_KNOW)
    return 1 if any(report.problems for _, report in reports) else 0


if __name__ == "__main__":
    sys.exit(main())
