import { expect, it } from "vitest";
import { portionsOf, standingOf, usedOf } from "./portions";

const BUDGET = { limit: "10", posted: "4", open: "1.5", unconfirmed: "0.5", mode: "strict" };
const shares = (budget: typeof BUDGET) => portionsOf(budget).map((portion) => portion.share);

it("divides the bar into what is spent, held and unconfirmed, and leaves the rest", () => {
  expect(shares(BUDGET)).toEqual([0.4, 0.15, 0.05]);
});

it("keeps all of it in sight when more is used than there is", () => {
  expect(shares({ ...BUDGET, posted: "18", open: "2", unconfirmed: "0" })).toEqual([0.9, 0.1, 0]);
  expect(usedOf({ ...BUDGET, posted: "18", open: "2", unconfirmed: "0" })).toBe(2);
});

it("takes a limit of nothing for used up", () => {
  const nothing = { limit: 0, posted: 0, open: 0, unconfirmed: 0, mode: "strict" };
  expect(usedOf(nothing)).toBe(1);
  expect(portionsOf(nothing).map((portion) => portion.share)).toEqual([0, 0, 0]);
});

it("says that calls go on where the budget only warns", () => {
  const over = { ...BUDGET, posted: "11" };
  expect(standingOf(over).words).toBe("used up, calls are refused");
  expect(standingOf({ ...over, mode: "warn" }).words).toBe("over, and calls go on");
  expect(standingOf({ ...BUDGET, posted: "6" }).tone).toBe("warn");
  expect(standingOf(BUDGET).tone).toBe("good");
});
