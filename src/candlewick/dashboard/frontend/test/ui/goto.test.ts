import assert from "node:assert/strict";
import { test } from "node:test";

import { instantOf } from "../../src/ui/goto";
import { ZoneClock } from "../../src/zone";

test("the instant of a zone's wall time shows that time on the wall", () => {
  for (const zone of ["UTC", "Asia/Kolkata", "America/New_York", "Australia/Lord_Howe"]) {
    const clock = new ZoneClock(zone);
    for (let wall = Date.UTC(2026, 9, 20) / 1000; wall < Date.UTC(2026, 10, 10) / 1000; wall += 6 * 3600) {
      assert.equal(clock.wall(instantOf(wall, clock)), wall, `${zone} ${wall}`);
    }
  }
});
