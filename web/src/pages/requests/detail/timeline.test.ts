import { describe, expect, it } from "vitest";
import type { AttemptView } from "@/api/schema";
import { barsOf, speedOf } from "./timeline";

function attempt(
  number: number,
  outcome: string | null,
  began_ms: number | null,
  heard_ms: number | null,
): AttemptView {
  return {
    number,
    provider: "acme",
    model: "m",
    credential: null,
    hold: `hold_1.${number}`,
    outcome,
    provider_status: null,
    began_ms,
    heard_ms,
  };
}

const TIMES = { response_time_ms: 131, time_to_first_token_ms: 100, upstream_ms: 129 };
const bars = (...attempts: AttemptView[]) =>
  barsOf({ ...TIMES, attempts }).map((bar) => [bar.began_ms, bar.heard_ms, bar.ended_ms]);

describe("the attempts on one line of time", () => {
  it("end when they failed, and the last one when the request did", () => {
    expect(bars(attempt(1, "provider_unavailable", 1, 40), attempt(2, "succeeded", 60, 100))).toEqual([
      [1, 40, 40],
      [60, 100, 131],
    ]);
  });

  it("are told by the request's own times where there was only one", () => {
    expect(bars(attempt(1, "succeeded", null, null))).toEqual([[2, 100, 131]]);
  });

  it("are left out where nobody knows", () => {
    expect(bars(attempt(1, "provider_timeout", null, null), attempt(2, "succeeded", null, null))).toEqual([]);
  });

  it("last to the end where nobody was heard before it", () => {
    expect(bars(attempt(1, null, 5, null))).toEqual([[5, 131, 131]]);
  });
});

describe("how fast it was told", () => {
  const usage = {
    input_tokens: 1,
    output_tokens: 11,
    total_tokens: 12,
    input_cached_tokens: 0,
    input_cache_write_tokens: 0,
    output_reasoning_tokens: 0,
  };
  const request = { stream: true, response_time_ms: 600, time_to_first_token_ms: 100, usage };

  it("is counted from the first token on", () => {
    expect(speedOf(request)).toBe(20);
  });

  it("is not known of what came as one, or at once, or not at all", () => {
    expect(speedOf({ ...request, stream: false })).toBeNull();
    expect(speedOf({ ...request, time_to_first_token_ms: 599 })).toBeNull();
    expect(speedOf({ ...request, time_to_first_token_ms: null })).toBeNull();
    expect(speedOf({ ...request, usage: null })).toBeNull();
  });
});
