"""Two tabs of one browser: what is chosen in one is in both, and neither takes anything from the other."""

from browser.conftest import Visit
from browser.hands import SERIES, choose_zone, pick, press
from browser.test_alerts import add, listed, open_menu
from browser.visitor import Visitor


def tab_of(visitor: Visitor, path: str) -> Visitor:
    """Another tab of the visitor's browser."""
    return Visitor(visitor.page.context.new_page(), visitor.url).open(path).wait_for_bars()


def test_alerts_and_colours_of_two_tabs_come_together(visit_branch: Visit) -> None:
    one = visit_branch(SERIES).wait_for_bars()
    two = tab_of(one, SERIES)
    for visitor in (one, two):
        open_menu(visitor)
    add(one, 1_000_000)
    two.page.locator(".alerts-list b", has_text="1,000,000.00").wait_for()
    add(two, 2_000_000)
    one.page.locator(".alerts-list b", has_text="2,000,000.00").wait_for()
    press(one, "Remove the alert at 1000000")
    two.page.locator(".alerts-list b", has_text="1,000,000.00").wait_for(state="detached")
    one.page.locator(".alerts-list b", has_text="1,000,000.00").wait_for(state="detached")
    assert listed(one) == listed(two) == ["2,000,000.00"]
    choose_zone(one, "Asia/Tokyo")
    press(two, "Settings")
    pick(two, "Rising body", "#123456")
    one.wait(f"{painted('[18, 52, 86]')} > 50")
    press(one, "Settings")
    assert one.page.get_by_label("Rising body", exact=True).input_value() == "#123456"
    again = tab_of(two, "/chart?symbol=BTCDEMO")
    assert again.page.locator(".zone").inner_text() == "Tokyo"
    again.wait(f"{painted('[18, 52, 86]')} > 50")
    for visitor in (two, again):
        visitor.check()


def painted(colour: str) -> str:
    """JavaScript for the number of pixels of a colour in the candles' pane."""
    return f"""(() => {{
        const canvas = document.querySelector(".canvas table td:nth-child(2) canvas");
        const {{ data }} = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
        let count = 0;
        for (let at = 0; at < data.length; at += 4)
            if ({colour}.every((value, channel) => data[at + channel] === value)) count += 1;
        return count;
    }})()"""
