import { describe, expect, it } from "vitest";
import type { ProviderView } from "@/api/schema";
import { concernsOf, type Seen, usedOf } from "./attention";

const CALM: Seen = {
  totals: { unpriced: 0 },
  budgets: [],
  credentials: [],
  providers: [],
  queues: [],
  unusedTokens: [],
  failedDeliveries: [],
  webhooks: [],
  nameOf: () => "Ada",
};
const told = (seen: Partial<Seen>) =>
  concernsOf({ ...CALM, ...seen }).map(({ tone, text }) => `${tone}: ${text}`);

const BUDGET = { id: "bud_1", owner: { user: "usr_1" }, window: "month", limit: "10", exceeded: false };
const PROVIDER: ProviderView = {
  name: "acme",
  dialect: "openai_chat",
  base_url: "",
  models_listed: "open",
  credentials: 1,
  has_shared_key: false,
  breaker: "closed",
  paused: null,
  last_success_at: null,
  last_failure_at: null,
  attempts: 0,
  error_share: null,
  p95_ms: null,
  sampled: false,
  models: [],
};
const CREDENTIAL = { provider: "openai", last4: "abcd", active: true, last_error: null, age_days: 1 };

describe("what needs attention", () => {
  it("is nothing while all is well", () => {
    expect(told({ credentials: [CREDENTIAL] })).toEqual([]);
  });

  it("is a budget that is nearly used, holds included", () => {
    expect(told({ budgets: [{ ...BUDGET, available: "2.01" }] })).toEqual([]);
    expect(told({ budgets: [{ ...BUDGET, available: "2" }] })).toEqual([
      "warn: 80 % of a month budget of Ada is used",
    ]);
    expect(usedOf({ limit: 100_000, available: 25_000 })).toBe(0.75);
    expect(usedOf({ limit: "0", available: "0" })).toBe(1);
  });

  it("is whatever an operator has paused, and a queue that does not move", () => {
    const paused = { at: "2026-11-30T12:00:00Z", by: "command line", reason: "Repairs" };
    expect(told({ providers: [{ ...PROVIDER, paused }] })).toEqual(["warn: acme is paused: Repairs"]);
    const queue = { name: "turns", paused: null, waiting: 2, running: 0, oldest_wait_s: 299 };
    expect(told({ queues: [queue] })).toEqual([]);
    expect(told({ queues: [{ ...queue, paused }] })).toEqual([
      "warn: The queue is paused: Repairs, and 2 jobs could begin",
    ]);
    expect(told({ queues: [{ ...queue, oldest_wait_s: 600 }] })).toEqual([
      "bad: 2 jobs could begin and did not, the first for 10 min 0 s",
    ]);
  });

  it("is a token that nobody uses", () => {
    expect(told({ unusedTokens: [{ id: "tok_1" }] })).toEqual(["warn: 1 token nobody has used for 90 days"]);
  });

  it("has what fails before what may", () => {
    const credentials = [
      { ...CREDENTIAL, age_days: 400 },
      { ...CREDENTIAL, last_error: "401" },
    ];
    expect(told({ credentials })).toEqual([
      "bad: The openai key …abcd failed: 401",
      "warn: The openai key …abcd is 400 days old",
    ]);
    const providers = [{ ...PROVIDER, attempts: 4, error_share: 1 }, PROVIDER];
    expect(told({ providers, totals: { unpriced: 2 } })[0]).toBe("bad: acme: 100 % of 4 failed");
  });

  it("is a webhook that is gone", () => {
    const webhooks = [
      { url: "https://a.example", gone_at: null },
      { url: "https://b.example", gone_at: "2026-11-30T08:00:00Z" },
    ];
    expect(told({ webhooks })).toEqual([
      "bad: https://b.example said that it is gone, and hears nothing any more",
    ]);
  });
});
