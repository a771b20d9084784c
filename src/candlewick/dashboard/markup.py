"""Pieces of HTML: tables, marks, sparklines. Pure; whatever is text stays text.

Streamlit's own tables are canvases that load a megabyte; these are plain tables that wear the page's colours.
"""

from collections.abc import Container, Iterable, Sequence
from html import escape
from typing import Literal

Level = Literal["good", "warn", "bad", "off"]


class Html(str):
    """Text that is HTML already."""


def table(head: Sequence[str], rows: Iterable[Sequence[str]], numbers: Container[int] = ()) -> Html:
    """A table; what is not HTML already is escaped. `numbers` are the columns to be set as such."""
    titles = _cells("th", head, numbers)
    body = "".join(f"<tr>{_cells('td', row, numbers)}</tr>" for row in rows)
    return Html(
        f'<div class="scroll" tabindex="0"><table><thead><tr>{titles}</tr></thead><tbody>{body}</tbody></table></div>'
    )


def _cells(tag: str, texts: Sequence[str], numbers: Container[int]) -> str:
    kinds = (' class="number"' if column in numbers else "" for column in range(len(texts)))
    shown = (text if isinstance(text, Html) else escape(text) for text in texts)
    return "".join(f"<{tag}{kind}>{text}</{tag}>" for kind, text in zip(kinds, shown, strict=True))


def mark(text: str, level: Level) -> Html:
    """Text in the colour of a level."""
    return Html(f'<span data-level="{level}">{escape(text)}</span>')


def count(number: int, level: Level) -> Html:
    """A number that is good where it is nought, and of `level` where it is not."""
    return mark(f"{number:,}", level if number else "good")


def section(title: str, *content: str) -> Html:
    """A part of the page under a title."""
    return Html(f"<section><h2>{escape(title)}</h2>{''.join(content)}</section>")


def words(text: str) -> Html:
    """A sentence."""
    return Html(f"<p>{escape(text)}</p>")


def sparkline(values: Sequence[float | None]) -> Html:
    """The shape of some numbers, the newest at the right; nothing where fewer than two are known.

    A clipped box: Streamlit lets no SVG into a page.
    """
    known = [(index, value) for index, value in enumerate(values) if value is not None]
    if len(known) < 2:
        return Html("")
    highest = max(value for _, value in known) or 1.0
    step = 100 / (len(values) - 1)
    points = [f"{index * step:.1f}% {96 - 92 * max(0.0, value) / highest:.1f}%" for index, value in known]
    corners = [f"{known[0][0] * step:.1f}% 100%", *points, f"{known[-1][0] * step:.1f}% 100%"]
    return Html(f'<div class="spark" style="clip-path:polygon({",".join(corners)})"></div>')
