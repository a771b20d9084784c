"""What a chart paints: the texts that its canvases were given, which no element of the page holds."""

from io import BytesIO

from PIL import Image
from playwright.sync_api import Page

from browser.hands import deep
from browser.visitor import HOOK, Visitor

# The texts of a canvas' newest paint. A paint is one task: what is written in it belongs together.
WATCH = """(canvas) => {
    if (window.__painted) return;
    window.__painted = new Map();
    let texts = null;
    const { fillText } = CanvasRenderingContext2D.prototype;
    CanvasRenderingContext2D.prototype.fillText = function (text, ...rest) {
        if (texts === null) {
            texts = new Map();
            queueMicrotask(() => {
                for (const [canvas, written] of texts) window.__painted.set(canvas, written);
                texts = null;
            });
        }
        if (!texts.has(this.canvas)) texts.set(this.canvas, []);
        texts.get(this.canvas).push(text);
        return fillText.call(this, text, ...rest);
    };
}"""
TIME_AXIS = deep(".canvas table tr:last-child td:nth-child(2) canvas")


def watch_paint(visitor: Visitor) -> None:
    """Note from now on what is written on canvases."""
    visitor.ask(f"({WATCH})()")


def painted_texts(visitor: Visitor) -> list[str]:
    """All texts of the newest paints of all canvases."""
    texts: list[str] = visitor.ask("[...window.__painted.values()].flat()")
    return texts


def times_on_axis(visitor: Visitor) -> set[str]:
    """The times of day that the axis showed in its newest paint: `14:05`."""
    texts = visitor.ask(f"window.__painted.get({TIME_AXIS}) ?? []")
    return {text for text in texts if ":" in text}


def times_in_zone(visitor: Visitor, zone: str) -> set[str]:
    """The times of day of the bars on screen, in a zone, as the browser's own formatter writes them."""
    return set(
        visitor.ask(
            f"""(() => {{
                const {{ from, to }} = {HOOK}.view();
                const format = new Intl.DateTimeFormat("en-GB", {{ timeZone: "{zone}", timeStyle: "short" }});
                return {HOOK}.bars().slice(Math.max(0, Math.floor(from) - 1), Math.ceil(to) + 1)
                    .map((bar) => format.format(bar.time * 1000));
            }})()"""
        )
    )


def pixel(page: Page, x: float, y: float) -> tuple[int, int, int]:
    """The colour at a point of the window: red, green, blue."""
    picture = Image.open(BytesIO(page.screenshot(clip={"x": x, "y": y, "width": 1, "height": 1})))
    red, green, blue = picture.convert("RGB").tobytes()[:3]
    return red, green, blue
