import { expect, it } from "vitest";
import { alertTold } from "./alertText";

const FACTS = {
  budget: "bud_1",
  owner: "usr_1",
  owner_name: "Ann",
  unit: "usd",
  window: "month",
  period: "2026-11",
};

it("says how much of whose budget is used, and leads to it", () => {
  const facts = { ...FACTS, threshold: 0.8, spent: "8.1", limit: "10" };
  expect(alertTold({ type: "budget.threshold", facts })).toEqual({
    tone: "warn",
    text: "80 % of a budget of Ann is used: $8.10 of $10.00 in 2026-11",
    to: "/budgets?budget=bud_1",
  });
});

it("is graver when all of it is used", () => {
  const facts = { ...FACTS, unit: "requests", window: "total", threshold: 1, spent: 40, limit: 40 };
  const told = alertTold({ type: "budget.threshold", facts });
  expect(told).toMatchObject({ tone: "bad" });
  expect(told.text).toContain("40 requests of 40 requests in all");
});

it("leads from a failed job to that job", () => {
  expect(alertTold({ type: "run.failed", facts: { run: "run_1", error: "timeout" } }).to).toBe("/jobs/run_1");
});

it("names an alert that it does not know, instead of hiding it", () => {
  expect(alertTold({ type: "moon.full", facts: {} })).toEqual({ tone: "idle", text: "moon.full", to: null });
});
