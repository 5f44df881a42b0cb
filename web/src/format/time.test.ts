import { describe, expect, it } from "vitest";
import { day, distance, instant, utc, utcDay } from "./time";

const NOW = new Date("2026-11-30T19:44:26.400Z");

describe("time", () => {
  it("leaves this year's number out, and no other's", () => {
    expect(instant(new Date("2026-03-01T04:05:06Z"), NOW)).toBe("Mar 1, 04:05:06");
    expect(instant(new Date("2025-12-31T23:59:59Z"), NOW)).toBe("Dec 31, 2025, 23:59:59");
    expect(day(NOW, NOW)).toBe("Nov 30");
  });

  it("says midnight as the beginning of a day", () => {
    expect(instant(new Date("2026-11-30T00:00:00Z"), NOW)).toBe("Nov 30, 00:00:00");
  });

  it("tells UTC to whoever looks closer", () => {
    expect(utc(NOW)).toBe("2026-11-30 19:44:26 UTC");
    expect(utcDay("2026-11-01")).toBe("Nov 1");
  });

  it.each([
    ["2026-11-30T19:44:00Z", "now"],
    ["2026-11-30T19:43:00Z", "1 min ago"],
    ["2026-11-30T17:44:26Z", "2 h ago"],
    ["2026-11-30T22:44:26Z", "in 3 h"],
    ["2026-11-01T19:44:26Z", "29 days ago"],
  ])("says how far away %s is", (at, told) => {
    expect(distance(new Date(at), NOW)).toBe(told);
  });
});
