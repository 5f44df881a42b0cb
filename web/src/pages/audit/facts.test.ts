import { expect, it } from "vitest";
import { kindOf, readFacts } from "./facts";

it("tells what a value was and what it became as one fact", () => {
  expect(readFacts({ before: 90, after: null })).toEqual([{ name: "value", before: "90", text: "none" }]);
});

it("says a budget's dollars as money, and its tokens as a number", () => {
  const said = (facts: Record<string, unknown>) =>
    readFacts(facts).find((fact) => fact.name === "amount")?.text;
  expect(said({ unit: "usd", amount: 10_000_000_000 })).toBe("$10.00");
  expect(said({ unit: "tokens", amount: 100_000 })).toBe("100000");
});

it("leaves out what is not there", () => {
  expect(readFacts({ replaces: null, alert_at: [0.5, 1], without_limits: true })).toEqual([
    { name: "alert at", before: null, text: "0.5, 1" },
    { name: "without limits", before: null, text: "true" },
  ]);
  expect(kindOf("credential.rotate")).toBe("credential");
});
