import assert from "node:assert/strict";
import { test } from "node:test";
import { TickMarkType } from "lightweight-charts";
import { dayLabel, instantLabel, tickLabel } from "../src/chart/labels";
import { dayClockOf, isZone, tickWeight, ZoneClock } from "../src/zone";

const at = (iso: string) => Date.parse(iso) / 1000;
const NEW_YORK = new ZoneClock("America/New_York");
const IST = new ZoneClock("Asia/Kolkata");
const DAY = 50;
const HOUR = 30;

test("the hour that repeats in New York's autumn is labelled twice, and no instant is lost", () => {
  const instants = ["05:30", "05:45", "06:00", "06:30", "06:45", "07:00"].map((time) => at(`2026-11-01T${time}Z`));
  const labels = instants.map((time) => tickLabel(time, TickMarkType.Time, NEW_YORK));
  assert.deepEqual(labels, ["01:30", "01:45", "01:00", "01:30", "01:45", "02:00"]);
});

test("the hour that New York's spring skips is skipped in the labels", () => {
  const labels = ["06:30", "07:00"].map((time) => tickLabel(at(`2026-03-08T${time}Z`), TickMarkType.Time, NEW_YORK));
  assert.deepEqual(labels, ["01:30", "03:00"]);
});

test("a day tick falls on the zone's midnight: 18:30 UTC in India", () => {
  const weight = (iso: string) => tickWeight(IST.wall(at(iso)), IST.wall(at(iso) - 60));
  assert.equal(weight("2026-11-22T18:30:00Z"), DAY);
  assert.notEqual(weight("2026-11-23T00:00:00Z"), DAY);
  assert.equal(weight("2026-11-22T19:30:00Z"), HOUR);
});

test("a year outweighs a month, a month a day, a day an hour", () => {
  const weight = (now: string, before: string) => tickWeight(at(now), at(before));
  assert.equal(weight("2027-01-01T00:00Z", "2026-12-31T23:59Z"), 70);
  assert.equal(weight("2026-12-01T00:00Z", "2026-11-30T23:59Z"), 60);
  assert.equal(weight("2026-11-23T00:00Z", "2026-11-22T23:59Z"), DAY);
  assert.equal(weight("2026-11-22T13:00Z", "2026-11-22T12:59Z"), HOUR);
  assert.equal(weight("2026-11-22T13:01Z", "2026-11-22T13:00Z"), 20);
});

test("the crosshair tells the day and the time in it", () => {
  assert.equal(instantLabel(at("2026-11-22T06:09:00Z"), "1m", IST), "Sun 22 Nov 26  11:39");
});

test("a daily bar is labelled by its day in every zone, also where the browser's midnight is off by an hour", () => {
  const days = [
    ["Asia/Kolkata", "2026-11-21T18:30:00Z", "Sun 22 Nov 26"],
    ["UTC", "2026-11-22T00:00:00Z", "Sun 22 Nov 26"],
    ["America/New_York", "2026-03-08T05:00:00Z", "Sun 08 Mar 26"], // 23 hours
    ["America/New_York", "2026-11-01T04:00:00Z", "Sun 01 Nov 26"], // 25 hours
    ["Pacific/Kiritimati", "2026-11-21T10:00:00Z", "Sun 22 Nov 26"],
    ["Pacific/Pago_Pago", "2026-11-22T11:00:00Z", "Sun 22 Nov 26"],
    ["Zone/Of_Tomorrow", "2026-11-21T19:00:00Z", "Sun 22 Nov 26"], // one that the browser does not know
  ] as const;
  for (const [zone, opened, label] of days)
    for (const off of [-3_600, 0, 3_600]) {
      const clock = dayClockOf(zone);
      assert.equal(instantLabel(at(opened) + off, "1d", clock), label, `${zone} ${off}`);
      for (const type of [TickMarkType.DayOfMonth, TickMarkType.Time])
        assert.equal(dayLabel(at(opened) + off, type, clock), String(Number(label.slice(4, 6))));
      const weight = tickWeight(clock.wall(at(opened) + off), clock.wall(at(opened) - 86_400 + off));
      assert.ok(weight >= DAY, `${zone} ${off}: ${weight}`);
    }
});

test("a zone is one that this machine knows", () => {
  assert.ok(isZone("Europe/Berlin"));
  assert.ok(!isZone("Mars/Olympus"));
});
