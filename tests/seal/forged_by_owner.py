"""Forged bundles that need the owner's own key, and those of a part of what a bundle has."""

import random

from seal.forgery import Forger, forgery, tree_of
from seal.made import absence, missing


@forgery
def half_a_day(forger: Forger, rng: random.Random) -> None:
    """Trades and candles end, or begin, within the day together; the owner seals and signs that as whole."""
    lines, candles = forger.lines, forger.certificate.body["candles"]
    at = sorted(rng.sample(range(len(lines)), 2))
    kept = lines[at[1] :] if rng.random() < 0.5 else lines[: at[0] + 1]
    first, last = (int(line.split(b",")[3]) for line in (kept[0], kept[-1]))
    minutes = {int(line.split(b",")[3]) // 60_000 for line in kept}
    whole = [line for line in lines if int(line.split(b",")[3]) // 60_000 in minutes]
    forger.seal(whole, candles=[row for row in candles if first - 60_000 < row[0] <= last])


@forgery
def minutes_cut_out(forger: Forger, rng: random.Random) -> None:
    """Some minutes without trades lose their candles; the owner signs."""
    candles = forger.certificate.body["candles"]
    gone = rng.choice([number for number, row in enumerate(candles) if not row[7]])
    forger.sign_as_owner(candles=candles[:gone] + candles[gone + 1 :])


@forgery
def answer_about_something_else(forger: Forger, rng: random.Random) -> None:
    """Minutes lose their candles, and the answer that is quoted for it is about others, another symbol, or none."""
    body = forger.certificate.body
    gone = rng.choice([number for number, row in enumerate(body["candles"]) if not row[7]])
    opens = body["candles"][gone][0]
    answers = [
        absence("ETHUSDT", opens * 1_000, 0, 0).decode(),
        absence(body["symbol"], opens * 1_000, 1, 9).decode(),
        missing(body["symbol"], opens, opens).decode(),
        "none",
    ]
    said = [{"first": opens, "last": opens, "answer": rng.choice(answers)}]
    forger.sign_as_owner(candles=body["candles"][:gone] + body["candles"][gone + 1 :], no_candle=said)


@forgery
def declared_away(forger: Forger, rng: random.Random) -> None:
    """A trade is left out and declared a hole, with an answer that says so or not; the owner seals and signs."""
    lines = forger.lines
    number = rng.randrange(1, len(lines) - 1)
    trade_id = forger.first_id + number
    answer = rng.choice([missing("BTCUSDT", trade_id, trade_id), missing("BTCUSDT", trade_id + 1, trade_id + 9), b"no"])
    hole = {"first": trade_id, "last": trade_id, "answer": answer.decode()}
    forger.seal(lines[:number] + lines[number + 1 :], declared=[hole])


@forgery
def leaves_forged(forger: Forger, rng: random.Random) -> None:
    """A trade is changed, and the list that would name it goes with it."""
    number = rng.randrange(len(forger.lines))
    forger.changed(number, rng.randrange(1, 5), rng)
    forger.members[f"{forger.folder}leaves.bin"] = tree_of(forger.lines).prefixes


@forgery
def previous_forged(forger: Forger, rng: random.Random) -> int:
    """The second day alone, and the certificate before it is another one of that day and key."""
    market = forger.parts.markets[1]
    forger.folder = f"{market.symbol}-{market.day}/"
    forger.alone(with_trades=True)
    forger.members["previous.certificate.json"] = forger.parts.other.encode()
    return market.first_id


@forgery
def shortened_without_trades(forger: Forger, rng: random.Random) -> None:
    """A certificate alone says that the day ends earlier, with the owner's signature."""
    forger.alone(with_trades=False)
    count = rng.randrange(1, len(forger.parts.markets[0].trades))
    forger.sign_as_owner(count=count, last_id=forger.first_id + count - 1)


@forgery
def candles_cut_without_trades(forger: Forger, rng: random.Random) -> None:
    """A certificate alone has the candles up to some minute, and ends there, with the owner's signature."""
    forger.alone(with_trades=False)
    candles = forger.certificate.body["candles"][: rng.randrange(1_440)]
    count = sum(row[7] for row in candles)
    forger.sign_as_owner(count=count, last_id=forger.first_id + count - 1, candles=candles)


@forgery
def other_trades_given(forger: Forger, rng: random.Random) -> int:
    """Who has the trades has others: as the archive writes them, one changed, left out or doubled."""
    rows = []
    for line in forger.lines:
        trade_id, price, quantity, time, side = line.decode().split(",")
        rows.append([trade_id, price, quantity, "0", time, "True" if side == "1" else "False", "True"])
    number, kind = rng.randrange(len(rows)), rng.randrange(3)
    if kind == 0:
        rows[number][5] = "True" if rows[number][5] == "False" else "False"
    rows[number : number + 1] = [rows[number]] * (1, 0, 2)[kind]
    forger.trades = forger.path.with_name("given.csv")
    forger.trades.write_text("".join(",".join(row) + "\n" for row in rows))
    forger.alone(with_trades=rng.random() < 0.5)
    return forger.first_id + number
