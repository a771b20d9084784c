import assert from "node:assert/strict";
import { test } from "node:test";

import { nameOf } from "../../src/state/keys";

function key(given: Partial<KeyboardEvent>): string {
  const quiet = { code: "", altKey: false, ctrlKey: false, metaKey: false, shiftKey: false };
  return nameOf({ ...quiet, ...given } as KeyboardEvent);
}

test("a key is named by what it writes", () => {
  assert.equal(key({ key: "/" }), "/");
  assert.equal(key({ key: "e", code: "KeyE" }), "e");
});

test("Shift is part of a letter's name, and of no other character's", () => {
  assert.equal(key({ key: "F", code: "KeyF", shiftKey: true }), "Shift+F");
  assert.equal(key({ key: "?", code: "Slash", shiftKey: true }), "?");
});

test("with Alt it is named by its place: a Mac writes another character there", () => {
  assert.equal(key({ key: "ß", code: "KeyS", altKey: true }), "Alt+S");
});

test("Ctrl and the Mac's command key are one", () => {
  assert.equal(key({ key: "ArrowLeft", code: "ArrowLeft", ctrlKey: true }), "Ctrl+ArrowLeft");
  assert.equal(key({ key: "ArrowLeft", code: "ArrowLeft", metaKey: true }), "Ctrl+ArrowLeft");
});
