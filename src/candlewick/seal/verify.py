#!/usr/bin/env python3
"""Check a Candlewick proof without Candlewick: one file, nothing but Python's standard library (3.10 or later).

    python verify.py BTCUSDT-2026-11-26.proof.zip                    a bundle with its trades
    python verify.py BUNDLE --key 3f2a…                              ... signed by this key (more than one is fine)
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
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from hashlib import sha256, sha512
from typing import IO, Any

MINUTE, DAY = 60_000, 86_400_000  # ms
FIELDS = ["open", "high", "low", "close", "volume", "quote_volume", "trade_count"]
FIELDS += ["taker_buy_volume", "taker_buy_quote_volume"]
BROKEN_ZIP = zipfile.BadZipFile, zlib.error, EOFError, RuntimeError
UNREADABLE = ValueError, KeyError, TypeError, IndexError, AttributeError, OverflowError, OSError, *BROKEN_ZIP
Body = dict[str, Any]
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


def canonical(value: Body) -> bytes:
    """Write JSON in the one way that is signed and counted."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def read_certificate(content: bytes) -> tuple[Body, dict[str, str] | None]:
    """Return a certificate's body and signature (None where nobody signed). Raises ValueError."""
    body = json.loads(content)
    if canonical(body) != content.rstrip(b"\n") or (body["format"], body["version"]) != ("candlewick-seal", 1):
        raise ValueError("not a certificate of version 1 in canonical JSON")
    return body, body.pop("signature", None)


def head_of(body: Body) -> str:
    """Return the text that is signed."""
    what = f"{body['symbol']} {body['day']}\n{body['first_id']}..{body['last_id']} {body['count']}"
    return f"candlewick-seal/1\n{what}\n{body['merkle_root']}\n{sha256(canonical(body)).hexdigest()}\n"


def check_signature(report: Report, head: str, signature: Mapping[str, str] | None, keys: Collection[str]) -> None:
    """Check who signed a head: one of these keys, where some are given."""
    public = signature["public_key"] if signature else ""
    if signature is None:
        report.problem("nobody signed it, and a key was asked for") if keys else report.holds.append("nobody signed it")
    elif not is_signed(bytes.fromhex(public), head.encode(), bytes.fromhex(signature["value"])):
        report.problem("the signature is not of this certificate")
    elif keys and public.lower() not in {key.lower() for key in keys}:
        report.problem(f"signed by another key: {public}")
    else:
        report.holds.append(f"signed by {public}{'' if keys else ' (whose? anybody can make a key: give it as --key)'}")


def check_chain(report: Report, body: Body, known: dict[tuple[str, int], Body]) -> None:
    """Check that a day follows the certificate it names, and the day before by its ids; `known` are those here."""
    named, first, symbol, start = body["previous"], body["first_id"], body["symbol"], day_starts(body["day"])
    yesterday, is_linked = known.get((symbol, start - DAY)), bool(named) and day_starts(named["day"]) == start - DAY
    if named is None:
        report.holds.append("begins a chain: it claims nothing about the days before it")
    else:
        here, follows = known.get((symbol, day_starts(named["day"]))), f"{named['day']}, {named['digest'][:16]}…"
        if here and (here["last_id"], here["digest"]) != (named["last_id"], named["digest"]):
            return report.problem("the chain is broken: the certificate it names is another one", first)
        report.holds.append(f"follows {follows}{'' if here else ': that one is not here'}")
    if not is_linked and not yesterday:
        return None if named is None else report.holds.append("no day between them is claimed")
    last = named["last_id"] if is_linked else yesterday["last_id"] if yesterday else 0
    if last >= first or skip(body, skip(yesterday, last + 1) if yesterday else last + 1) != skip(body, first):
        return report.problem(f"the chain is broken: the day before ends with id {last}", last + 1)
    told = "the day before it was sealed later: its ids adjoin, but no certificate links the two"
    return None if is_linked else report.holds.append(told)


def is_told(body: Body, each: Body, kind: str) -> bool:
    """Whether the exchange's answer that is quoted for ids or minutes that are not there is about those."""
    try:
        said = json.loads(each["answer"])
        is_about = said["e"] == kind and said["s"] == body["symbol"] and said["first"] <= each["first"] <= each["last"]
        return is_about and each["last"] <= said["last"] and (kind != "hole" or said["answer"]["id"] > each["last"])
    except (ValueError, KeyError, TypeError):
        return False


def day_starts(day: str) -> int:
    """Return a day's first ms since the epoch."""
    return (date.fromisoformat(day).toordinal() - date(1970, 1, 1).toordinal()) * DAY


@lru_cache
def scaled(text: str, places: int) -> int:
    """Return a number as a whole one, of so many places; -1 where it is none, or does not fit."""
    whole, _, fraction = text.partition(".")
    is_one = (whole + fraction).isdecimal() and not fraction[places:].strip("0")
    return int(whole + fraction[:places].ljust(places, "0")) if is_one else -1


def point_in(number: int, places: int) -> str:
    """Write a whole number with a point before its last places."""
    text = str(number).zfill(places + 1)
    return f"{text[:-places]}.{text[-places:]}" if places else text


def trades_of(file: IO[bytes], places: tuple[int, int]) -> Iterator[tuple[bytes, int, int, int, int, bool]]:
    """Read lines: canonical ones, or rows of Binance's archive. Give the canonical line and its five values."""
    while line := file.readline(300):
        text = line.rstrip(b"\r\n")
        parts = text.decode("ascii").split(",")
        if is_row := len(parts) == 7:  # id, price, quantity, quote, time (ms or µs), is buyer maker, is best match
            time = int(parts[4]) // (1_000 if len(parts[4]) > 14 else 1)
            parts = [*parts[:3], str(time), "1" if parts[5].lower() == "true" else "0"]
        trade_id, one, other, at, side = parts
        price, quantity = scaled(one, places[0]), scaled(other, places[1])
        if min(price, quantity) < 0:
            raise ValueError(f"expected numbers of {places} places, got {one} and {other}")
        if is_row:
            text = f"{trade_id},{point_in(price, places[0])},{point_in(quantity, places[1])},{at},{side}".encode()
        yield text, int(trade_id), price, quantity, int(at), side == "1"


def push(stack: list[tuple[int, bytes]], node: bytes) -> None:
    """Add a leaf to a Merkle tree (RFC 6962), which is kept as one node for each bit of their number."""
    size = 1
    while stack and stack[-1][0] == size:
        node, size = sha256(b"\1" + stack.pop()[1] + node).digest(), size * 2
    stack.append((size, node))


def root_of(stack: list[tuple[int, bytes]]) -> str:
    """Return the root in hex."""
    node = stack[-1][1] if stack else sha256().digest()
    for _, left in reversed(stack[:-1]):
        node = sha256(b"\1" + left + node).digest()
    return node.hex()


def skip(body: Body, trade_id: int) -> int:
    """Return the first id from this one on that is not declared not to exist."""
    for each in body["declared"]:
        trade_id = each["last"] + 1 if each["first"] <= trade_id <= each["last"] else trade_id
    return trade_id


def check_trades(report: Report, body: Body, file: IO[bytes], leaves: bytes | None) -> None:
    """Check ids, leaves, root and candles of a day's trades; stop at the first one that is not what it should be."""
    places = body["places"]["price"], body["places"]["quantity"]
    cut, grow = 10 ** max(0, sum(places) - 8), 10 ** max(0, 8 - sum(places))
    expected, count, start = skip(body, body["first_id"]), 0, day_starts(body["day"])
    tree, minutes = list[tuple[int, bytes]](), dict[int, list[int]]()
    try:
        for line, trade_id, price, quantity, time, maker in trades_of(file, places):
            if trade_id != expected:
                bad = min(trade_id, expected)
                return report.problem(f"trade {bad} is {'missing' if trade_id > bad else 'not in its place'}", bad)
            leaf = sha256(b"\0" + line).digest()
            if leaves is not None and leaves[4 * count : 4 * count + 4] != leaf[:4]:
                return report.problem(f"trade {trade_id} is not the sealed one: {line.decode()}", trade_id)
            push(tree, leaf)
            quote = price * quantity // cut * grow
            m = minutes.get((time - start) // MINUTE)
            if m is None:
                m = minutes[(time - start) // MINUTE] = [price, price, price, price, 0, 0, 0, 0, 0, trade_id]
            m[1], m[2], m[3] = max(m[1], price), min(m[2], price), price
            m[4], m[5], m[6] = m[4] + quantity, m[5] + quote, m[6] + 1
            if not maker:
                m[7], m[8] = m[7] + quantity, m[8] + quote
            count += 1
            expected = skip(body, trade_id + 1)
    except UNREADABLE as error:
        return report.problem(f"trade {expected} cannot be read: {error}", expected)
    if count != body["count"] or expected != skip(body, body["last_id"] + 1):
        bad = min(expected, body["last_id"] + 1)
        return report.problem(f"the trades end before id {expected}, sealed are those to {body['last_id']}", bad)
    check_minutes(report, body, minutes, leaves)
    if root_of(tree) != body["merkle_root"]:
        which = "" if leaves else ": a trade is another one; which, leaves.bin would tell, and it is not here"
        return report.problem(f"the Merkle root is another one{which}")
    missing = body["last_id"] - body["first_id"] + 1 - count
    ids = f"ids {body['first_id']}..{body['last_id']}, {missing} declared missing"
    return report.holds.append(f"{count} trades, {ids}; Merkle root {root_of(tree)[:16]}…")


def check_minutes(report: Report, body: Body, minutes: dict[int, list[int]] | None, leaves: bytes | None) -> None:
    """Check that all 1,440 minutes are told of, and each candle in nine fields where `minutes` of trades are here."""
    start, seen, absent = day_starts(body["day"]), set(), body.get("no_candle", [])
    told, price, quantity = set[int](), body["places"]["price"], body["places"]["quantity"]
    for opens, *nine in body["candles"]:
        number, wrong = (opens - start) // MINUTE, []
        ours = (minutes or {}).get(number)
        if minutes is not None:
            scales = [price, price, price, price, quantity, 8, 0, quantity, 8]
            compared = zip(FIELDS, ours or [0] * 9, map(str, nine), scales, strict=False)
            wrong = [name for name, mine, theirs, scale in compared if scaled(theirs, scale) != mine]
            wrong = wrong if ours else [name for name in wrong if name not in FIELDS[:4]]  # none has a price
        if len(nine) != 9 or number in seen or not 0 <= number < 1_440 or (opens - start) % MINUTE:
            wrong.append("its place")
        if wrong:
            text = f"the minute {number // 60:02}:{number % 60:02} is not the exchange's in {', '.join(wrong)}"
            report.problem(text, ours[9] if ours and leaves is not None else None)
        seen.add(number)
    for kind, each in [("hole", each) for each in body["declared"]] + [("no_candle", each) for each in absent]:
        if not is_told(body, each, kind):
            report.problem(f"{each['first']}..{each['last']}: the exchange's answer about this {kind} does not say so")
        elif kind == "no_candle":
            told.update(range((each["first"] - start) // MINUTE, min(1_439, (each["last"] - start) // MINUTE) + 1))
    if untold := sorted(set(range(1_440)) - seen - (told - set(minutes or ()))):
        why = "" if "no_candle" in body else "; the version that sealed it did not ask"
        what = f"minutes have no candle, nor the exchange's word for it, {untold[0] // 60:02}:{untold[0] % 60:02} first"
        report.problem(f"{len(untold)} {what}: the day may be cut there{why}")
    first, last = body["first_id"], body["last_id"]
    declared = sum(max(0, min(each["last"], last) - max(each["first"], first) + 1) for each in body["declared"])
    if not body["count"] == sum(nine[6] for _, *nine in body["candles"]) == last - first + 1 - declared:
        report.problem("its ids, its count and the counts of its candles do not agree")
    if minutes is not None and not report.problems:
        none = f"; {len(told - seen)} minutes have none, by the answers that are quoted" if told - seen else ""
        report.holds.append(f"{len(seen)} candles of the exchange equal those of the trades in nine fields{none}")


def member(archive: zipfile.ZipFile, name: str, size: int = 1 << 24) -> bytes | None:
    """Read a member of a bundle whole; None where it is not there, or larger than it may be."""
    is_there = name in archive.namelist() and archive.getinfo(name).file_size <= size
    return archive.read(name) if is_there else None


def check_bundle(path: str, keys: Collection[str], trades: str | None) -> list[tuple[str, Report]]:
    """Check a bundle; return what was found of each day."""
    reports, known = [], {}
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        files = sorted(name for name in names if name.endswith("/certificate.json"))
        if not files or len(names) != len(set(names)):
            raise ValueError("the bundle has no certificate, or a name twice")
        if trades is not None and len(files) > 1:
            raise ValueError(f"--trades is for a bundle of one day, and this one has {len(files)}")
        here = [name for name in ("previous.certificate.json", *files) if name in names]
        for body in (read_certificate(member(archive, name) or b"")[0] for name in here):
            about = {"last_id": body["last_id"], "declared": body["declared"], "digest": head_of(body).split("\n")[-2]}
            known[body["symbol"], day_starts(body["day"])] = about
        for name in files:
            report, folder = Report(), name[: -len("certificate.json")]
            body, signature = read_certificate(member(archive, name) or b"")
            reports.append((f"{body['symbol']} {body['day']}", report))
            check_signature(report, head_of(body), signature, keys)
            check_chain(report, body, known)
            leaves = member(archive, f"{folder}leaves.bin", 4 * body["count"])
            if f"{folder}leaves.bin" in names and sha256(leaves or b"").hexdigest() != body["leaf_prefixes_sha256"]:
                report.problem("leaves.bin is not the one that was certified")
                leaves = None
            if trades is not None:
                is_zip = zipfile.is_zipfile(trades)
                with zipfile.ZipFile(trades) if is_zip else open(trades, "rb") as given:  # noqa: PTH123
                    file = given.open(given.namelist()[0]) if isinstance(given, zipfile.ZipFile) else given
                    check_trades(report, body, file, leaves)
            elif f"{folder}trades.csv" in names:
                with archive.open(f"{folder}trades.csv") as file:
                    check_trades(report, body, file, leaves)
            else:
                check_minutes(report, body, None, None)
                report.holds.append("its trades are not here: give yours as --trades, or trust its certificate alone")
    return reports


def check_inclusion(content: bytes, keys: Collection[str]) -> list[tuple[str, Report]]:
    """Check that one trade is in a sealed day."""
    proof, report = json.loads(content), Report()
    form, what, ids, root, *_ = proof["head"].split("\n")
    (first_id, last_id), count = map(int, ids.split(" ")[0].split("..")), int(ids.split(" ")[1])
    node, index, last = sha256(b"\0" + proof["trade"].encode()).digest(), proof["index"], count - 1
    trade_id = int(proof["trade"].split(",")[0])
    is_inside = form == "candlewick-seal/1" and 0 <= index <= last and first_id <= trade_id <= last_id
    for sibling in map(base64.b64decode, proof["path"]):
        while index == last and not index & 1 and last:  # a node without a sibling moves up as it is
            index, last = index >> 1, last >> 1
        is_inside = is_inside and last > 0  # a path that goes on above the root could be that of another index
        node = sha256(b"\1" + (sibling + node if index & 1 else node + sibling)).digest()
        index, last = index >> 1, last >> 1
    if is_inside and not last and node.hex() == root:
        report.holds.append(f"trade {proof['trade']} is one of those that this head counts")
    else:
        report.problem(f"trade {trade_id} is not in the tree: {proof['trade']}", trade_id)
    check_signature(report, proof["head"], proof.get("signature"), keys)
    if proof.get("signature") is None:
        report.problem("without a signature it proves nothing: anybody can make a tree around a trade")
    return [(what, report)]


def verify(path: str, keys: Collection[str] = (), trades: str | None = None) -> list[tuple[str, Report]]:
    """Check a bundle or an inclusion proof; return the report on each day. Raises what UNREADABLE lists."""
    if zipfile.is_zipfile(path):
        return check_bundle(path, keys, trades)
    with open(path, "rb") as file:  # noqa: PTH123
        return check_inclusion(file.read(1 << 16), keys)


def main() -> int:
    """Check what the command line names, and say what holds."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("proof")
    parser.add_argument("--key", action="append", default=[], help="a key (hex) that may have signed; repeatable")
    parser.add_argument("--trades", help="a file of the day's trades, in place of the bundle's")
    options = parser.parse_args()
    try:
        reports = verify(options.proof, options.key, options.trades)
    except UNREADABLE as error:
        print(f"CANNOT BE CHECKED: {error or type(error).__name__}")
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
