"""What a trader's hands do, and what there is to see: for the tests of the chart."""

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs

from playwright.sync_api import Locator, TimeoutError

from browser.visitor import HOOK, Visitor

SERIES = "/chart?symbol=BTCDEMO&tf=1m"


def query(visitor: Visitor) -> dict[str, list[str]]:
    return parse_qs(visitor.ask("location.search.slice(1)"), keep_blank_values=True)


def keys(visitor: Visitor, *pressed: str) -> None:
    for key in pressed:
        visitor.page.keyboard.press(key)


def button(visitor: Visitor, name: str) -> Any:
    return visitor.page.get_by_role("button", name=name, exact=True)


def press(visitor: Visitor, title: str) -> None:
    visitor.page.get_by_role("button", name=title, exact=True).click()


def type_and_enter(visitor: Visitor, text: str) -> None:
    """Type with nothing focused: the search takes it, and Enter takes what it found first."""
    visitor.page.keyboard.type(text)
    visitor.page.keyboard.press("Enter")


def pick(visitor: Visitor, label: str, colour: str) -> None:
    """Move a colour picker, as its own dialogue does: `input` while it moves."""
    visitor.page.get_by_label(label, exact=True).evaluate(
        "(well, colour) => { well.value = colour; well.dispatchEvent(new Event('input', { bubbles: true })); }", colour
    )


def choose_zone(visitor: Visitor, zone: str) -> None:
    visitor.page.locator(".zone").click()
    visitor.page.get_by_label("Search a city or zone").fill(zone)
    visitor.page.keyboard.press("Enter")


def flip_theme(visitor: Visitor, theme: str) -> None:
    press(visitor, "Dark or light")
    visitor.wait(f"{deep('.terminal')}?.dataset.theme === '{theme}'")


def deep(selector: str) -> str:
    """JavaScript for an element of the terminal, whether in the page or in the component's shadow root."""
    return (
        f"(document.querySelector('{selector}') ?? "
        "[...document.querySelectorAll('*')].map((element) => element.shadowRoot).filter(Boolean)"
        f".map((root) => root.querySelector('{selector}')).find(Boolean))"
    )


def position(visitor: Visitor) -> float:
    """How many bars the screen ends after the newest one."""
    return float(visitor.ask(f"{HOOK}.view().to - {HOOK}.bars().length"))


def rows(visitor: Visitor) -> list[str]:
    """The legend's rows, all panes'."""
    return visitor.page.locator(".row").all_inner_texts()


def point(visitor: Visitor, x: float = 0.5, y: float = 0.3) -> tuple[float, float]:
    """Move the mouse to a share of the chart's width and height."""
    box = visitor.page.locator(".canvas").first.bounding_box()
    assert box
    place = box["x"] + box["width"] * x, box["y"] + box["height"] * y
    visitor.page.mouse.move(*place)
    return place


def panes(visitor: Visitor) -> list[int]:
    """The heights of the panes: the chart's rows, but for the hair lines between them and the time axis at the end."""
    heights = visitor.page.locator(".canvas table tr").evaluate_all("rows => rows.map((row) => row.offsetHeight)")
    return [height for height in heights[:-1] if height > 2]


def place_of(visitor: Visitor, back: int) -> tuple[float, float, float]:
    """Return where the bar so many bars before the newest is on screen, and its open time in seconds."""
    x, y, time = visitor.ask(
        f"""(() => {{
            const box = document.querySelector(".canvas").getBoundingClientRect();
            const {{ from, to }} = {HOOK}.view(), count = {HOOK}.bars().length;
            const pane = document.querySelector(".canvas table tr td:nth-child(2)").getBoundingClientRect();
            const x = pane.left + pane.width * (count - 1 - {back} - from + 0.5) / (to - from + 1);
            return [x, box.top + box.height * 0.35, {HOOK}.bars()[count - 1 - {back}].time];
        }})()"""
    )
    return x, y, time


def ask_for(visitor: Visitor, back: int) -> int:
    """Double-click the bar so many bars before the newest; returns its open time in seconds."""
    asked: list[int] = []

    def double_click() -> None:
        x, y, time = place_of(visitor, back)
        asked.append(int(time))
        visitor.page.mouse.dblclick(x, y)

    again_until(visitor.page.locator(".lineage .verdict"), double_click)
    return asked[-1]


def again_until(there: Locator, act: Callable[[], None], times: int = 6) -> None:
    """Do something with the hand, again where it came to nothing: on a busy machine two clicks may lie far apart."""
    for _ in range(times - 1):
        act()
        try:
            return there.wait_for(timeout=5_000)
        except TimeoutError:
            continue
    act()
    return there.wait_for()
