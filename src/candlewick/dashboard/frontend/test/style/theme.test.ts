import assert from "node:assert/strict";
import { test } from "node:test";

import { contrast, legible, PALETTES, PRESETS } from "../../src/style/theme";
import { between, random, SEED } from "../random";

const THEMES = Object.values(PALETTES);

test("contrast is that of WCAG: 21 for black and white, and the standard's own example of a grey that just fails", () => {
  assert.equal(contrast("#000000", "#ffffff"), 21);
  assert.equal(contrast("#ffffff", "#ffffff"), 1);
  assert.equal(contrast("#777777", "#ffffff").toFixed(2), "4.48");
});

test("what is written in a palette's colours can be read on its backgrounds", () => {
  for (const palette of THEMES)
    for (const name of ["text", "strong", "muted", "accent", "good", "warn", "bad"] as const)
      for (const background of [palette.background, palette.surface, palette.raised])
        assert.ok(contrast(palette[name], background) >= 4.5, `${name} ${palette[name]} on ${background}`);
});

test("white can be read on a palette's fill", () => {
  for (const { fill } of THEMES) assert.ok(contrast("#ffffff", fill) >= 4.5);
});

test("candles of every preset stand out from both backgrounds", () => {
  for (const [name, colours] of PRESETS)
    for (const colour of Object.values(colours))
      for (const { background } of THEMES) assert.ok(contrast(colour, background) >= 3, `${name} ${colour} on ${background}`);
});

test("the colours for the colour-blind differ in lightness too", () => {
  const { bullFill, bearFill } = PRESETS.find(([name]) => name === "Colour-blind")![1];
  assert.ok(contrast(bullFill, bearFill) >= 1.6);
});

test("any colour is made legible, and one that is stays as it is", () => {
  const next = random();
  for (let round = 0; round < 300; round++) {
    const colour = `#${between(next, 0, 0xffffff).toString(16).padStart(6, "0")}`;
    for (const { background } of THEMES) {
      const text = legible(colour, background);
      assert.ok(contrast(text, background) >= 4.5, `seed ${SEED}: ${colour} became ${text} on ${background}`);
      if (contrast(colour, background) >= 4.5) assert.equal(text, colour);
    }
  }
});
