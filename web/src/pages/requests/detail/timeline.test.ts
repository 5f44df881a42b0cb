import { describe, expect, it } from "vitest";
import type { AttemptView } from "@/api/schema";
import { barsOf } from "./timeline";

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
