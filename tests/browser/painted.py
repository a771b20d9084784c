"""What a chart paints: the texts that its canvases were given, which no element of the page holds."""

from io import BytesIO

from PIL import Image
from playwright.sync_api import Page

from browser.hands import deep
from browser.visitor import HOOK, Visitor

# What is written on a picture, and where in its pixels, is painted wherever the picture is.
PICTURES = """(() => {
    const { fillText } = OffscreenCanvasRenderingContext2D.prototype;
    const { transferToImageBitmap } = OffscreenCanvas.prototype;
    const written = new WeakMap();
    window.__pictures = new WeakMap();
    OffscreenCanvasRenderingContext2D.prototype.fillText = function (text, x, y, ...rest) {
        const place = this.getTransform().transformPoint({ x, y });
        written.set(this.canvas, [...(written.get(this.canvas) ?? []), [text, place.x, place.y, this.fillStyle]]);
        return fillText.call(this, text, x, y, ...rest);
    };
    OffscreenCanvas.prototype.transferToImageBitmap = function () {
        const picture = transferToImageBitmap.call(this);
        window.__pictures.set(picture, written.get(this) ?? []);
        written.delete(this);
        return picture;
    };
})()"""
# The texts of a canvas' newest paint, where those are that are on no picture, and its pictures and where they are. A
# paint is one task: what is written in it belongs together.
WATCH = """(canvas) => {
    if (window.__painted) return;
    window.__painted = new Map();
    window.__placed = new Map();
    window.__spots = new Map();
    let [texts, places, spots] = [null, null, null];
    const { fillText, drawImage } = CanvasRenderingContext2D.prototype;
    const begin = (canvas) => {
        if (texts === null) {
            [texts, places, spots] = [new Map(), new Map(), new Map()];
            queueMicrotask(() => {
                for (const [canvas, written] of texts) {
                    window.__painted.set(canvas, written);
                    window.__placed.set(canvas, places.get(canvas));
                    window.__spots.set(canvas, spots.get(canvas));
                }
                texts = null;
            });
        }
        if (!texts.has(canvas)) [texts, places, spots].forEach((map) => map.set(canvas, []));
    };
    CanvasRenderingContext2D.prototype.fillText = function (text, x, y, ...rest) {
        begin(this.canvas);
        texts.get(this.canvas).push(text);
        const place = this.getTransform().transformPoint({ x, y });
        spots.get(this.canvas).push([text, place.x / devicePixelRatio, place.y / devicePixelRatio]);
        return fillText.call(this, text, x, y, ...rest);
    };
    CanvasRenderingContext2D.prototype.drawImage = function (picture, ...rest) {
        begin(this.canvas);
        texts.get(this.canvas).push(...(window.__pictures?.get(picture) ?? []).map(([text]) => text));
        places.get(this.canvas).push([picture, ...rest]);
        return drawImage.call(this, picture, ...rest);
    };
}"""
# Where colours (`242,54,69`) are in the bars' pane: left, top, right and bottom, as shares of it; or null. Of what is
# less than so many pixels high nothing is told: of candles' colours that is the line of the last price.
EXTENT = """([colours, within, least]) => {
    const ends = [1, 1, 0, 0];
    for (const canvas of document.querySelectorAll(".canvas table tr:first-child td:nth-child(2) canvas")) {
        const pane = canvas.getBoundingClientRect(), ratio = canvas.width / pane.width;
        const box = within ? document.querySelector(within).getBoundingClientRect() : pane;
        const place = [box.left - pane.left, box.top - pane.top, box.width, box.height];
        const { data, width } = canvas.getContext("2d").getImageData(...place.map((one) => Math.round(one * ratio)));
        const is = (at) => colours.includes(`${data[at]},${data[at + 1]},${data[at + 2]}`);
        for (let at = 0; at + 4 * width < data.length; at += 4) {
            if (!is(at) || !is(at + 4 * width * (least - 1))) continue;
            const [x, y] = [((at / 4) % width) / canvas.width, Math.floor(at / 4 / width) / canvas.height];
            ends[0] = Math.min(ends[0], x), ends[1] = Math.min(ends[1], y);
            ends[2] = Math.max(ends[2], x), ends[3] = Math.max(ends[3], y);
        }
    }
    return ends[2] > 0 ? ends : null;
}"""
CANDLES = ["8,153,129", "242,54,69"]
"""The colours of candles, in both themes."""
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


def extent(visitor: Visitor, colours: list[str], within: str | None = None) -> list[float] | None:
    """How far colours reach in the bars' pane, or in the part of it behind an element; None where there are none."""
    found: list[float] | None = visitor.page.evaluate(EXTENT, [colours, within, 2 if colours is CANDLES else 1])
    return found


def pixel(page: Page, x: float, y: float) -> tuple[int, int, int]:
    """The colour at a point of the window: red, green, blue."""
    picture = Image.open(BytesIO(page.screenshot(clip={"x": x, "y": y, "width": 1, "height": 1})))
    red, green, blue = picture.convert("RGB").tobytes()[:3]
    return red, green, blue
