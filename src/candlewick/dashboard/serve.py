"""Runs the dashboard: binds the port first, then starts Streamlit on it, configured by us and nobody else."""

import signal
import socket
from types import FrameType

import structlog
import uvicorn

from candlewick.config import DashboardSettings, Settings
from candlewick.dashboard.theme import theme_options
from candlewick.errors import CandlewickError, ConfigError, PortTakenError
from candlewick.process.gate import is_loopback
from candlewick.warehouse.home import home_of

log = structlog.get_logger(__name__)

OPTIONS = {
    "runner.postScriptGC": False,  # gc.collect() after each run costs more than the run
    "browser.gatherUsageStats": False,
    "server.headless": True,
    "server.fileWatcherType": "none",
    "server.enableAgentApi": False,
    "client.toolbarMode": "viewer",
    "client.showErrorLinks": False,
    "client.showErrorDetails": "type",
}
"""Streamlit's options that are ours to decide, whatever a config.toml nearby says; colours come from `theme.py`."""

GRACE_SECONDS = 3


def run(settings: Settings) -> None:
    """Serve until SIGINT or SIGTERM; raises PortTakenError, and ConfigError where the chart was not built.

    Raises ConfigError, too, where everybody would be let in.
    """
    check_exposure(settings.dashboard)
    listener = bind(settings.dashboard.host, settings.dashboard.port)
    # Streamlit takes a second to import: first the port, so that a taken one is told at once.
    from streamlit import config  # noqa: PLC0415

    from candlewick.dashboard.app import build  # noqa: PLC0415
    from candlewick.dashboard.chart import script_name  # noqa: PLC0415
    from candlewick.dashboard.site import Site  # noqa: PLC0415

    script_name()
    for option, value in (
        OPTIONS | theme_options() | {"server.baseUrlPath": settings.dashboard.path.strip("/")}
    ).items():
        config.set_option(option, value)
    if settings.dashboard.auth == "oidc":
        from candlewick.dashboard.door.provider import prepare  # noqa: PLC0415

        prepare(settings)
    failures: list[BaseException] = []

    def on_failure(error: BaseException) -> None:
        failures.append(error)
        server.should_exit = True

    with home_of(settings).viewer() as reader:
        server = uvicorn.Server(_uvicorn_config(build(Site(settings, reader), on_failure)))
        _end_quietly_on_signals()
        log.info(
            "dashboard listens",
            url=f"http://{settings.dashboard.host}:{listener.getsockname()[1]}{settings.dashboard.path}",
        )
        server.run(sockets=[listener])
    if failures:
        raise failures[0]
    if not server.started:
        raise CandlewickError("the dashboard could not start; its log says why")
    log.info("dashboard stopped")


def check_exposure(dashboard: DashboardSettings) -> None:
    """Raise ConfigError where others reach a dashboard that does not know them, or that any name leads to."""
    if is_loopback(dashboard.host):
        return
    if dashboard.auth == "none" and not dashboard.insecure:
        raise ConfigError(
            f"dashboard.auth: expected token, password, proxy or oidc to listen on {dashboard.host}, got none; "
            "set one, or pass --insecure, by which whoever reaches the port sees everything and runs SQL"
        )
    if not dashboard.origins:
        raise ConfigError(
            f"dashboard.origins: expected the addresses by which browsers see a dashboard on {dashboard.host}, such as "
            f"['http://tape.lan:{dashboard.port}'], got none; without them any name could be bound to it"
        )


def bind(host: str, port: int) -> socket.socket:
    """Return a bound socket; raises PortTakenError with one line where the port cannot be had."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Connections of a socket that says it is TCP are told by asyncio to hold nothing back: the end of an answer would
    # wait for the browser to acknowledge its beginning, which takes 40 ms.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(128)
    except OSError as error:
        listener.close()
        reason = error.strerror or str(error)
        raise PortTakenError(
            f"the dashboard cannot listen on {host}:{port}: {reason}; "
            "set another port under [dashboard] in candlewick.toml, or pass --port"
        ) from None
    return listener


def _uvicorn_config(app: object) -> uvicorn.Config:
    from candlewick.dashboard.connections import STREAMLIT_BYTES, Messages, Requests  # noqa: PLC0415

    return uvicorn.Config(
        app,  # type: ignore[arg-type]
        http=Requests,
        ws=Messages,
        ws_max_size=STREAMLIT_BYTES,
        proxy_headers=False,  # whoever connects could say by them that it is somebody else
        ws_per_message_deflate=False,
        log_config=None,
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )


def _end_quietly_on_signals() -> None:
    """Let a signal end the server and nothing more: uvicorn raises it again after its own clean stop."""

    def nothing_more(number: int, frame: FrameType | None) -> None:
        del number, frame

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, nothing_more)
