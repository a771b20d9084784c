"""The process: opens its hosts, prints their addresses as one line of JSON, and stops by itself."""

import argparse
import asyncio
import json
import ssl
from dataclasses import replace
from pathlib import Path

from aiohttp import web

from .archive import Archive
from .authority import serve_tls
from .exchange import Exchange
from .instruments import INSTRUMENTS
from .meter import Meter
from .rest import Rest
from .streams import Habits, Host
from .truth import truth


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="strict_binance", description=__doc__)
    parser.add_argument("--ca", type=Path, required=True, help="where to write the certificate of its authority (PEM)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--orders-per-second", type=float, default=5.0, help="per market")
    parser.add_argument("--earlier", type=float, default=1 / 75, help="the same, until minutes before the start")
    parser.add_argument("--symbols", nargs="*", default=(), help="only these of its markets")
    parser.add_argument("--database-lag", type=float, default=3.0, help="seconds that REST's database is behind")
    parser.add_argument("--weight-limit", type=int, default=6000, help="per minute and IP")
    parser.add_argument("--ping", type=float, default=3.0, help="seconds between pings")
    parser.add_argument("--pong-within", type=float, default=5.0)
    parser.add_argument("--lifetime", type=float, default=86_400.0, help="seconds that a connection lives")
    parser.add_argument("--shutdown-after", type=float, help="seconds to a connection's serverShutdown")
    parser.add_argument("--keyed", action="store_true", help="historicalTrades asks for a key: 401, -2014")
    parser.add_argument("--ids-from", type=int, help="each market's first id, as after a reset")
    parser.add_argument("--live-for", type=float, default=600.0, help="seconds until it stops by itself")
    return parser.parse_args()


async def _serve(options: argparse.Namespace) -> None:
    rates = (options.earlier, options.orders_per_second)
    instruments = [
        each if options.ids_from is None else replace(each, first_id=options.ids_from)
        for each in INSTRUMENTS
        if not options.symbols or each.symbol in options.symbols
    ]
    exchange = Exchange(instruments, seed=options.seed, rates=rates, database_lag=options.database_lag)
    meter, tls = Meter(options.weight_limit, exchange.seen), serve_tls(options.ca)
    habits = Habits(options.ping, options.pong_within, options.lifetime, options.shutdown_after)
    streams = [await _stream_host(Host(exchange, habits, name), tls) for name in ("stream", "data-stream")]
    api = await _web_host(Rest(exchange, meter, by_id=True, keyed=options.keyed).application, tls)
    data_api = await _web_host(Rest(exchange, meter, by_id=False).application, tls)
    archive = await _web_host(Archive(exchange).application, tls)
    told = await _web_host(truth(exchange), None)
    addresses = {
        "streams": [f"wss://localhost:{port}" for port in streams],
        "rest": [f"https://localhost:{port}" for port in (api, data_api)],
        "archive": f"https://localhost:{archive}",
        "truth": f"http://localhost:{told}",
    }
    print(json.dumps(addresses), flush=True)
    async with asyncio.timeout(options.live_for):
        await exchange.run()


async def _stream_host(host: Host, tls: ssl.SSLContext) -> int:
    server = await asyncio.start_server(host.take, "127.0.0.1", 0, ssl=tls)
    return int(server.sockets[0].getsockname()[1])


async def _web_host(application: web.Application, tls: ssl.SSLContext | None) -> int:
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls)
    await site.start()
    return int(runner.addresses[0][1])


if __name__ == "__main__":
    try:
        asyncio.run(_serve(_options()))
    except (TimeoutError, KeyboardInterrupt):
        print("strict_binance stops: its time is over.", flush=True)
