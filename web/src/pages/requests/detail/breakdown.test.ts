import { describe, expect, it } from "vitest";
import type { PriceView, UsageView } from "@/api/schema";
import { breakdownOf } from "./breakdown";

const PRICE: PriceView = {
  provider: "acme",
  model: "acme-1",
  version: "1",
  input_usd_per_million: "2.50",
  output_usd_per_million: "10.00",
  input_cached_usd_per_million: "0.25",
  context_tokens: null,
  imported_at: null,
};

function usage(input_tokens: number, output_tokens: number, input_cached_tokens = 0): UsageView {
  return {
    input_tokens,
    output_tokens,
    input_cached_tokens,
    total_tokens: input_tokens + output_tokens,
    input_cache_write_tokens: 0,
    output_reasoning_tokens: 0,
  };
}

describe("what a cost is made of", () => {
  it("adds up to what was charged, to the nanodollar", () => {
    const { parts, isWhole } = breakdownOf(usage(19, 10), PRICE, "0.0001475");
    expect(parts.map((part) => [part.kind, part.tokens, part.cost])).toEqual([
      ["Input", 19, 47_500n],
      ["Output", 10, 100_000n],
    ]);
    expect(isWhole).toBe(true);
  });

  it("says so when it does not", () => {
    expect(breakdownOf(usage(19, 10), PRICE, "0.0001476").isWhole).toBe(false);
    expect(breakdownOf(usage(19, 10), PRICE, null).isWhole).toBe(false);
  });

  it("counts cached input once, at its own rate", () => {
    const { parts } = breakdownOf(usage(19, 0, 9), PRICE, "0.00002725");
    expect(parts.map((part) => [part.tokens, part.rate])).toEqual([
      [10, "2.50"],
      [9, "0.25"],
    ]);
  });
});
