"""Themes, colours and presets: worn at once, and remembered."""

from browser.conftest import Visit
from browser.hands import button, deep, flip_theme, keys, pick, press


def test_the_theme_is_the_whole_pages(visit: Visit) -> None:
    visitor = visit("/", theme="light").wait_for_bars()
    background = "getComputedStyle(document.querySelector('[data-testid=stApp]')).backgroundColor"
    assert visitor.ask(background) == "rgb(255, 255, 255)"
    flip_theme(visitor, "dark")
    visitor.wait(f"{background} === 'rgb(19, 23, 34)'")
    assert visitor.page.get_by_test_id("stMainMenuPopover").count() == 0


def test_colours_are_worn_while_the_picker_moves_and_remembered(visit: Visit) -> None:
    visitor = visit("/chart").wait_for_bars()
    press(visitor, "Settings")
    pick(visitor, "Rising body", "#123456")
    bull = f"getComputedStyle({deep('.terminal')}).getPropertyValue('--bull')"
    visitor.wait(f"{bull} === '#123456'")
    visitor.open("/chart").wait_for_bars()
    assert visitor.ask(bull) == "#123456"
    press(visitor, "Settings")
    press(visitor, "Reset colours")
    visitor.wait(f"{bull} === '#089981'")


def test_presets_and_zones_are_remembered_by_the_browser(visit: Visit) -> None:
    visitor = visit("/chart").wait_for_bars()
    button(visitor, "Settings").click()
    button(visitor, "Binance").click()
    visitor.page.locator(".zone").click()
    visitor.page.get_by_label("Search a city or zone").fill("kathm")
    keys(visitor, "Enter")
    visitor.open("/chart?symbol=BTCDEMO").wait_for_bars()
    assert visitor.page.locator(".zone").inner_text() == "Kathmandu"
    assert visitor.ask("getComputedStyle(document.querySelector('.terminal')).getPropertyValue('--bull')") == "#0aa267"
