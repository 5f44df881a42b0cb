import { describe, expect, it } from "vitest";
import type { AttemptView } from "@/api/schema";
import { type Decided, decisionsOf } from "./decisions";

const ATTEMPT: AttemptView = {
  number: 1,
  provider: "acme",
  model: "m",
  credential: null,
  hold: "hold_1",
  outcome: "succeeded",
  provider_status: 200,
};
const WELL: Decided = {
  attempts: [ATTEMPT],
  asked_model: "smart",
  cache: null,
  error: null,
  guards: [],
  model: "m",
  outcome: "succeeded",
  provider: "acme",
  user: "usr_1",
};
const told = (more: Partial<Decided>) =>
  decisionsOf({ ...WELL, ...more }).map(({ step, tone, words }) => `${step} ${tone}: ${words}`);

describe("what the gateway decided", () => {
  it("is every step, in its order", () => {
    expect(told({}).map((line) => line.split(" ")[0])).toEqual([
      "Token",
      "Form",
      "Limits",
      "Guards",
      "Route",
      "Cache",
      "Budget",
    ]);
    expect(told({})).toContain("Route good: smart → acme/m");
    expect(told({ attempts: [ATTEMPT, ATTEMPT] })).toContain(
      "Route warn: smart → acme/m, after 1 other attempt",
    );
  });

  it.each([
    ["rate_limit_exceeded", "Limits"],
    ["model_not_found", "Route"],
    ["insufficient_quota", "Budget"],
    ["invalid_request", "Form"],
  ])("ends where it said no: %s", (outcome, step) => {
    const error = { code: outcome, message: "Not so." };
    expect(told({ outcome, error, attempts: [], model: null, provider: null }).at(-1)).toBe(
      `${step} bad: Not so.`,
    );
  });

  it("does not take a provider's no for its own", () => {
    const error = { code: "invalid_request", message: "Not so." };
    expect(told({ outcome: "invalid_request", error }).at(-1)).toContain("Budget good");
  });
});
