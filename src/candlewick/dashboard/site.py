"""The dashboard of one configuration: its reader, its hub and its routes, shared by the server and the pages."""

import json
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import Any

from candlewick import __version__, status
from candlewick.config import Settings
from candlewick.dashboard.alerts.book import AlertBook
from candlewick.dashboard.alerts.watch import Watch
from candlewick.dashboard.alerts.webhook import Webhook, address_of
from candlewick.dashboard.console import Console
from candlewick.dashboard.door.journal import Journal
from candlewick.dashboard.door.keeper import JOURNAL_FILE
from candlewick.dashboard.health.trends import Trends
from candlewick.dashboard.keeping.drawings import Drawings
from candlewick.dashboard.keeping.layouts import Layouts
from candlewick.dashboard.live.feed_client import FeedClient
from candlewick.dashboard.live.hub import Hub
from candlewick.dashboard.markup import Html
from candlewick.dashboard.reads import Reads
from candlewick.dashboard.routes.catalogue import Catalogue
from candlewick.errors import MartNotReadyError
from candlewick.warehouse.contract import Viewed
from candlewick.warehouse.home import home_of

ASSETS = Path(__file__).parent / "assets"
EXPORTS_WAITING = 8
"""A hundred of them at once made everybody else wait for their candles."""


@dataclass
class Site:
    """What one dashboard process serves."""

    settings: Settings
    reader: Viewed
    reads: Reads = field(default_factory=Reads)
    evidence_reads: Reads = field(default_factory=Reads)
    export_reads: Reads = field(default_factory=lambda: Reads(threads=1, waiting=EXPORTS_WAITING))
    calendars: dict[str, tuple[object, Html]] = field(default_factory=dict)
    """By symbol: what its calendar was drawn of, and the calendar."""

    def close(self) -> None:
        """Take no more reads."""
        self.reads.close()
        self.evidence_reads.close()
        self.export_reads.close()
        if "console" in vars(self):
            self.console.close()
        if "book" in vars(self):
            self.book.close()

    @cached_property
    def catalogue(self) -> Catalogue:
        """What may be asked for."""
        return Catalogue(self.settings.symbols)

    @cached_property
    def console(self) -> Console:
        """SQL for visitors."""
        return Console(home_of(self.settings).engine())

    @cached_property
    def journal(self) -> Journal:
        """The audit log."""
        return Journal(self.settings.door_path / JOURNAL_FILE)

    @cached_property
    def trends(self) -> Trends:
        """How the hops went lately."""
        return Trends()

    @cached_property
    def hub(self) -> Hub:
        """The live bars."""
        return Hub(
            self.reader,
            self.reads,
            feed_url=self._feed_url,
            zone=self.settings.zone,
            run_path=self.settings.run_path,
        )

    @cached_property
    def book(self) -> AlertBook:
        """The alerts, and what rang."""
        return AlertBook(self.settings.alerts_path)

    @cached_property
    def layouts(self) -> Layouts:
        """What people named and keep."""
        return Layouts(self.settings.layouts_path)

    @cached_property
    def drawings(self) -> Drawings:
        """What people have drawn."""
        return Drawings(self.settings.drawings_path)

    @cached_property
    def webhook(self) -> Webhook | None:
        """Who is told of rings. Raises `ConfigError`."""
        address = address_of(self.settings.alerts)
        return None if address is None else Webhook(address, self.settings.alerts.webhook_form, self.book)

    @cached_property
    def watch(self) -> Watch:
        """What looks at the tape for the alerts."""
        return Watch(
            self.book,
            self.reader,
            self.evidence_reads,
            feed=lambda on_trades, next_id: FeedClient(self._feed_url, on_trades, next_id),
            report=partial(status.collect, self.settings),
            delivers=self.webhook is not None,
            on_change=partial(self.hub.tell_all, '{"alerts":true}'),
        )

    @property
    def _feed_url(self) -> str:
        feed = self.settings.feed
        return f"http://{feed.host}:{feed.port}/feed"

    @property
    def base(self) -> str:
        """The path that a proxy passes on, such as `/candlewick`; empty without one."""
        return self.settings.dashboard.path

    @property
    def _has_candles(self) -> bool:
        """Whether there is anything yet to ask for."""
        try:
            self.reader.current()
        except MartNotReadyError:
            return False
        return True

    @property
    def is_demo(self) -> bool:
        """Whether the trades are made up."""
        return self.settings.prefix.startswith("demo")

    def chart_config(self) -> dict[str, Any]:
        """What the chart needs to know; it fetches everything else itself."""
        return {
            "symbols": list(self.settings.symbols),
            "timeframes": list(self.catalogue.timeframes),
            "dayZone": self.settings.timezone,
            "demo": self.is_demo,
            "version": __version__,
            "base": self.base,
            "ready": self._has_candles,
        }


def chart_html(config: dict[str, Any], script: str) -> str:
    """Return the bare chart's page: no inline script, so that a strict content security policy admits it."""
    assets = f"{config['base']}/chart/assets"
    attribute = json.dumps(config).replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;")
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Candlewick</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<link rel="icon" type="image/svg+xml" href="{assets}/candlewick.svg">'
        f'</head><body data-candlewick="{attribute}">'
        f'<script type="module" src="{assets}/{script}"></script></body></html>'
    )


_served: Site | None = None


def serve_from(site: Site) -> None:
    """Say which site this process serves; Streamlit runs the pages as scripts, so they must look it up."""
    global _served  # noqa: PLW0603 - one process serves one site
    _served = site


def served() -> Site:
    """Return the site that this process serves."""
    if _served is None:
        raise RuntimeError("no dashboard is being served; start one with `candlewick dashboard`")
    return _served
