"""Questions to the dashboard's routes and what they answer, of a day that never changes: for the site's page of them.

    cd tests && python -m made.http_examples        writes scripts/http_examples.json

`tests/dashboard/test_http_page.py` asks a real server all of them again.
"""

import asyncio
import json
import tempfile
from pathlib import Path

import aiohttp

from candlewick import config
from candlewick.dashboard import app
from candlewick.dashboard.site import Site
from candlewick.mart.reader import Mart
from dashboard.served import serving
from made.unpacking import WITH_SEALED_DAY, unpacked

FILE = Path(__file__).parents[2] / "scripts/http_examples.json"
NOON = 1_795_694_400
"""26 November 2026, 12:00 UTC, in seconds."""
HOUR = f"symbol=BTCDEMO&since={NOON}&before={NOON + 3_600}"
QUESTIONS = (
    f"/api/candles?symbol=BTCDEMO&timeframe=1h&since={NOON}&before={NOON + 2 * 3_600}",
    "/api/candles?symbol=BTCDEMO&timeframe=7x",
    "/api/day?symbol=BTCDEMO",
    f"/api/export?symbol=BTCDEMO&timeframe=1h&since={NOON}&before={NOON + 2 * 3_600}&format=csv",
    f"/api/lineage?symbol=BTCDEMO&timeframe=1h&t={NOON}",
    f"/api/proof?symbol=BTCDEMO&since={NOON}&before={NOON + 180}",
    f"/api/trades?symbol=BTCDEMO&from={NOON}&limit=3",
    f"/api/footprint?{HOUR}&timeframe=1h&step=100",
    f"/api/profile?{HOUR}&step=100",
    "/api/tape?symbol=BTCDEMO&before=952000&limit=3",
    "/api/alerts",
    "/api/layouts",
)


async def answers(settings: config.Settings) -> dict[str, dict[str, object]]:
    """Ask a real server all questions: of each its status, its type, and its text."""
    site = Site(settings, Mart(settings.mart_path))
    found: dict[str, dict[str, object]] = {}
    try:
        async with serving(app.routes(site)) as url, aiohttp.ClientSession() as session:
            for question in QUESTIONS:
                async with session.get(url + question) as answer:
                    text = (await answer.text()).replace(str(settings.data), "/home/ann/candlewick-data")
                    found[question] = {"status": answer.status, "type": answer.content_type, "text": text}
    finally:
        site.close()
    return found


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        FILE.write_text(json.dumps(asyncio.run(answers(unpacked(WITH_SEALED_DAY, Path(folder)))), indent=1) + "\n")
