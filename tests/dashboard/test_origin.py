"""Foreign pages are refused; the dashboard's own, and programs that are no pages, are not."""

import pytest
from starlette.datastructures import Headers

from candlewick.process.gate import Gate


def refusal(
    origin: str | None, host: str, *, listens_on: str, scheme: str = "http", origins: tuple[str, ...] = (), **more: str
) -> str | None:
    headers = {"host": host, **({} if origin is None else {"origin": origin})}
    headers |= {name.replace("_", "-"): value for name, value in more.items()}
    return Gate(listens_on, origins).refusal(Headers(headers), scheme=scheme)


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        (None, "localhost:8501"),
        ("http://localhost:8501", "localhost:8501"),
        ("http://127.0.0.1:8501", "127.0.0.1:8501"),
        ("http://LOCALHOST:8501", "localhost:8501"),
        ("http://localhost", "localhost:80"),
        ("http://[::1]:8501", "[::1]:8501"),
    ],
)
def test_the_same_origin_passes(origin: str | None, host: str) -> None:
    assert refusal(origin, host, listens_on="127.0.0.1") is None


@pytest.mark.parametrize(
    "origin",
    [
        "http://evil.example",
        "http://localhost:9999",
        "http://localhost.evil.example:8501",
        "https://localhost",
        "null",
        "",
        "http://localhost:port",
        "file://",
    ],
)
def test_a_foreign_origin_is_refused_in_one_line_that_names_it(origin: str) -> None:
    why = refusal(origin, "localhost:8501", listens_on="127.0.0.1")
    assert why is not None
    assert repr(origin) in why
    assert "\n" not in why


def test_a_name_rebound_to_this_machine_finds_no_dashboard_while_it_listens_on_localhost() -> None:
    for origin in (None, "http://evil.example:8501"):
        assert refusal(origin, "evil.example:8501", listens_on="127.0.0.1") is not None


LAN = ("http://charts.lan:8501",)


def test_a_dashboard_for_the_network_is_served_under_the_names_that_the_settings_give_and_no_other() -> None:
    for origin in (None, LAN[0]):
        assert refusal(origin, "charts.lan:8501", listens_on="0.0.0.0", origins=LAN) is None
    for origin in (None, "http://evil.example:8501"):
        assert refusal(origin, "evil.example:8501", listens_on="0.0.0.0", origins=LAN) is not None
    assert refusal("http://evil.example", "charts.lan:8501", listens_on="0.0.0.0", origins=LAN) is not None


def test_the_address_that_a_connection_came_to_is_no_name_that_could_be_rebound() -> None:
    gate = Gate("0.0.0.0", LAN)
    assert gate.refusal({"host": "192.168.1.5:8501"}, address="192.168.1.5") is None
    assert gate.refusal({"host": "192.168.1.6:8501"}, address="192.168.1.5") is not None
    assert gate.refusal({"host": ""}, address="") is not None


def test_behind_tls_the_default_port_is_443() -> None:
    origins = ("https://charts.example",)
    for host in ("charts.example", "charts.example:443"):
        assert refusal(origins[0], host, listens_on="0.0.0.0", scheme="https", origins=origins) is None


PUBLIC = ("https://tape.example.com",)


@pytest.mark.parametrize("host", ["tape.example.com", "127.0.0.1:8501"])
def test_behind_a_proxy_the_addresses_that_the_settings_name_pass(host: str) -> None:
    assert refusal(PUBLIC[0], host, listens_on="127.0.0.1", origins=PUBLIC) is None
    assert refusal("https://tape.example.com:8443", host, listens_on="127.0.0.1", origins=PUBLIC) is not None
    assert refusal("http://tape.example.com", "127.0.0.1:8501", listens_on="127.0.0.1", origins=PUBLIC) is not None


def test_what_another_page_embeds_is_refused_and_a_link_that_is_followed_is_not() -> None:
    own = {"host": "localhost:8501", "listens_on": "127.0.0.1"}
    for site in ("cross-site", "same-site"):
        assert refusal(None, sec_fetch_site=site, sec_fetch_mode="no-cors", **own) is not None
        assert refusal(None, sec_fetch_site=site, sec_fetch_mode="navigate", **own) is None
    assert refusal(None, sec_fetch_site="same-origin", sec_fetch_mode="no-cors", **own) is None
    assert refusal(None, sec_fetch_site="none", sec_fetch_mode="navigate", **own) is None
