import { expect, it } from "vitest";
import type { ProviderView } from "@/api/schema";
import { isSetUp, standingOf } from "./standing";

const PROVIDER: ProviderView = {
  name: "acme",
  dialect: "openai_chat",
  base_url: "",
  models_listed: "open",
  credentials: 0,
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
const told = (seen: Partial<ProviderView>) => standingOf({ ...PROVIDER, ...seen });

it("says nothing of a provider that nobody asked", () => {
  expect(told({})).toEqual({ tone: "idle", words: "not asked" });
});

it("believes the breaker before the figures", () => {
  expect(told({ breaker: "open", attempts: 9, error_share: 0 }).tone).toBe("bad");
  expect(told({ breaker: "half_open" }).tone).toBe("warn");
});

it("believes the operator before anything", () => {
  const paused = { at: "2026-11-30T12:00:00Z", by: "command line", reason: null };
  expect(told({ paused, breaker: "open" })).toEqual({ tone: "warn", words: "paused" });
});

it("is troubled by one in twenty, and alarmed by every second", () => {
  expect(told({ attempts: 100, error_share: 0.04 })).toEqual({ tone: "good", words: "4.0 % of 100 failed" });
  expect(told({ attempts: 100, error_share: 0 })).toEqual({ tone: "good", words: "100 well" });
  expect(told({ attempts: 100, error_share: 0.05 }).tone).toBe("warn");
  expect(told({ attempts: 2, error_share: 0.5 })).toEqual({ tone: "bad", words: "50 % of 2 failed" });
});

it("shows those that somebody can use", () => {
  expect(isSetUp(PROVIDER)).toBe(false);
  expect(isSetUp({ ...PROVIDER, has_shared_key: true })).toBe(true);
});
