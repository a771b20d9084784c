"""Pure: the page that asks who you are. No script, nothing from elsewhere; light or dark, as the reader's system is."""

from html import escape
from urllib.parse import quote

_STYLE = """
:root{color-scheme:light dark;--page:#fff;--text:#131722;--field:#fff;--line:#82858f;--wrong:#b3261e}
@media (prefers-color-scheme:dark){:root{--page:#131722;--text:#d1d4dc;--field:#1e222d;--line:#6a6d78;--wrong:#f7a1a8}}
*{box-sizing:border-box}
body{font:16px/1.5 system-ui,sans-serif;background:var(--page);color:var(--text);margin:0;padding:1rem;
display:grid;place-items:center;min-height:100vh;min-height:100dvh}
main{display:grid;gap:1rem;width:min(20rem,100%)}
form{display:grid;gap:1rem}
h1{font-size:1.25rem;margin:0;display:flex;gap:.5rem;align-items:center}
label{display:grid;gap:.25rem}
input,button,.button{font:inherit;padding:.6rem .75rem;border-radius:4px;border:1px solid var(--line);
background:var(--field);color:inherit;width:100%;min-height:44px}
button,.button{background:#1e53e5;border-color:#1e53e5;color:#fff;cursor:pointer;text-align:center;text-decoration:none}
:focus-visible{outline:2px solid #5b8cff;outline-offset:2px}
p{margin:0}[role=alert]{color:var(--wrong)}code{font-size:.9em;overflow-wrap:anywhere}
"""
_FIELDS = {
    "password": (
        '<label>Name<input name="name" autocomplete="username" required autofocus></label>'
        '<label>Password<input name="secret" type="password" autocomplete="current-password" required></label>'
    ),
    "token": (
        "<label><span>Token, from the link that <code>candlewick up</code> printed</span>"
        '<input name="secret" type="password" autocomplete="off" required autofocus></label>'
    ),
}
_MARK = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32" width="32" height="32" aria-hidden="true">'
    '<path d="M16 1.5c2.6 3 4.2 5 4.2 7.3a4.2 4.2 0 0 1-8.4 0c0-2.3 1.6-4.3 4.2-7.3Z" fill="#f7a600"/>'
    '<path d="M16 12v3M16 27v4" stroke="#089981" stroke-width="2" stroke-linecap="round"/>'
    '<rect x="10" y="14" width="12" height="14" rx="2" fill="#089981"/></svg>'
)


def login_page(way: str, action: str, problem: str = "", provider: str = "") -> str:
    """Return the page for a way to log in; `problem` is what was wrong with the last try."""
    said = f'<p role="alert">{escape(problem)}</p>' if problem else ""
    return _html(
        "Log in", f"<main><h1>{_MARK}Candlewick</h1>{said}{_way_in(way, escape(action), escape(provider))}</main>"
    )


def _way_in(way: str, action: str, provider: str) -> str:
    if way == "proxy":
        return "<p>Log in at the proxy in front of this dashboard.</p>"
    if way == "oidc":
        # A form would not do: what a page's form may lead to is this dashboard alone.
        return f'<a class="button" href="{action}?go">Log in with {provider}</a>'
    return f'<form method="post" action="{action}">{_FIELDS[way]}<button>Log in</button></form>'


def welcome_page(to: str) -> str:
    """Return the page that leads on from a link.

    A redirect would not do: a browser that came from another site sends no strict cookie along with it.
    """
    return _html(
        "Welcome", f'<a href="{escape(to)}">Go on</a>', f'<meta http-equiv="refresh" content="0;url={escape(to)}">'
    )


def _html(title: str, body: str, head: str = "") -> str:
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title} · Candlewick</title>{head}'
        f'<link rel="icon" href="data:image/svg+xml,{quote(_MARK)}">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><style>{_STYLE}</style></head>'
        f"<body>{body}</body></html>"
    )
