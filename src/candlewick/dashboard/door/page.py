"""Pure: the page that asks who you are. No script, nothing from elsewhere."""

from html import escape

_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;background:#131722;color:#d1d4dc;display:grid;place-items:center;"
    "min-height:100vh;margin:0}form{display:grid;gap:.75rem;width:18rem}h1{font-size:1.25rem;margin:0}"
    "label{display:grid;gap:.25rem}input,button{font:inherit;padding:.5rem;border-radius:4px;border:1px solid #434651;"
    "background:#1e222d;color:inherit}button{background:#2962ff;border-color:#2962ff;color:#fff;cursor:pointer}"
    "p{margin:0;color:#f7a1a8}"
)
_FIELDS = {
    "password": (
        '<label>Name<input name="name" autocomplete="username" required autofocus></label>'
        '<label>Password<input name="secret" type="password" autocomplete="current-password" required></label>'
    ),
    "token": (
        "<label>Token, from the link that `candlewick up` printed"
        '<input name="secret" type="password" autocomplete="off" required autofocus></label>'
    ),
    "proxy": "",
}


def login_page(way: str, action: str, problem: str = "") -> str:
    """Return the page for a way to log in; `problem` is what was wrong with the last try."""
    said = f'<p role="alert">{escape(problem)}</p>' if problem else ""
    form = f'<form method="post" action="{escape(action)}"><h1>Candlewick</h1>{said}{_FIELDS[way]}'
    button = "<button>Log in</button>" if _FIELDS[way] else "<p>Log in at the proxy in front of this dashboard.</p>"
    return _html("Log in", f"{form}{button}</form>")


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
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><style>{_STYLE}</style></head>'
        f"<body>{body}</body></html>"
    )
