import { describe, expect, it } from "vitest";
import { type Cell, daysBack, daysBefore, groupsOf, partsOf } from "./cells";

const DAYS = ["2026-11-29", "2026-11-30"];
const cell = (day: string, key: string, cost: bigint, requests = 1): Cell => ({
  day,
  key,
  cost,
  requests,
  unpriced: 0,
});

describe("spend by day", () => {
  it("counts days back from today, in UTC", () => {
    const now = new Date("2026-12-01T01:00:00+02:00");
    expect(daysBack(now, 2 * 86_400_000)).toEqual(DAYS);
    expect(daysBack(now, 3_600_000)).toEqual(["2026-11-30"]);
    expect(daysBefore(DAYS)).toEqual(["2026-11-27", "2026-11-28"]);
  });

  it("puts the dearest first and compares with as many days before", () => {
    const cells = [
      cell("2026-11-30", "a", 1n),
      cell("2026-11-29", "b", 5n),
      cell("2026-11-28", "b", 9n),
      cell("2026-11-26", "b", 99n),
    ];
    expect(groupsOf(cells, DAYS).map(({ key, cost, before }) => [key, cost, before])).toEqual([
      ["b", 5n, 9n],
      ["a", 1n, 0n],
    ]);
  });

  it("leaves out who was not there in these days", () => {
    expect(groupsOf([cell("2026-11-28", "gone", 9n)], DAYS)).toEqual([]);
  });

  it("loses nothing of what has no shade of its own", () => {
    const cells = Array.from({ length: 9 }, (_, n) => cell("2026-11-30", `k${n}`, BigInt(9 - n)));
    const parts = partsOf(cells, groupsOf(cells, DAYS));
    expect(parts).toHaveLength(7);
    expect(parts.at(-1)).toEqual({ shade: "rest", cost: 6n });
  });
});
