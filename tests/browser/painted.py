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
        written.set(this.canvas, [...(written.get(this.canvas) ?? []), [text, place.x, place.y]]);
        return fillText.call(this, text, x, y, ...rest);
    };
    OffscreenCanvas.prototype.transferToImageBitmap = function () {
        const picture = transferToImageBitmap.call(this);
        window.__pictures.set(picture, written.get(this) ?? []);
        written.delete(this);
        return picture;
    };
})()"""
# The texts of a canvas' newest paint, and its pictures and where they are. A paint is one task: what is written in it
# belongs together.
WATCH = """(canvas) => {
    if (window.__painted) return;
    window.__painted = new Map();
    window.__placed = new Map();
    let [texts, places] = [null, null];
    const { fillText, drawImage } = CanvasRenderingContext2D.prototype;
    const begin = (canvas) => {
        if (texts === null) {
            [texts, places] = [new Map(), new Map()];
            queueMicrotask(() => {
                for (const [canvas, written] of texts) {
                    window.__painted.set(canvas, written);
                    window.__placed.set(canvas, places.get(canvas));
                }
                texts = null;
            });
        }
        if (!texts.has(canvas)) texts.set(canvas, []) && places.set(canvas, []);
    };
    CanvasRenderingContext2D.prototype.fillText = function (text, ...rest) {
        begin(this.canvas);
        texts.get(this.canvas).push(text);
        return fillText.call(this, text, ...rest);
    };
    CanvasRenderingContext2D.prototype.drawImage = function (picture, ...rest) {
        begin(this.canvas);
        texts.get(this.canvas).push(...(window.__pictures?.get(picture) ?? []).map(([text]) => text));
        places.get(this.canvas).push([picture, ...rest]);
        return drawImage.call(this, picture, ...rest);
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
