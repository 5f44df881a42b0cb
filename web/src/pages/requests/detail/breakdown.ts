/** What a request's cost is made of, at the price in force. Pure, and whole nanodollars. */

import type { PriceView, RequestView, UsageView } from "@/api/schema";
import { type Nanodollars, nanodollars, sum } from "@/format/money";

export interface Part {
  kind: string;
  tokens: number;
  /** Decimal dollars per million tokens, or null where none is known. */
  rate: string | null;
  cost: Nanodollars | null;
}

export interface Breakdown {
  parts: Part[];
  /** The parts make exactly what was charged. Otherwise the price has changed since, or part of it has another rate. */
  isWhole: boolean;
}

export function breakdownOf(usage: UsageView, price: PriceView, charged: string | null): Breakdown {
  const cached = usage.input_cached_tokens;
  const written = usage.input_cache_write_tokens;
  const parts = [
    part("Input", usage.input_tokens - cached - written, price.input_usd_per_million),
    part(
      "Input from the provider's cache",
      cached,
      price.input_cached_usd_per_million ?? price.input_usd_per_million,
    ),
    part("Input written to its cache", written, null),
    part("Output", usage.output_tokens, price.output_usd_per_million),
  ].filter((one) => one.tokens > 0);
  const costs = parts.flatMap((one) => (one.cost === null ? [] : [one.cost]));
  const isWhole = charged !== null && costs.length === parts.length && sum(costs) === nanodollars(charged);
  return { parts, isWhole };
}

/** The price of the model that answered. */
export function priceOf(
  request: Pick<RequestView, "provider" | "model">,
  prices: readonly PriceView[],
): PriceView | null {
  return prices.find((price) => price.provider === request.provider && price.model === request.model) ?? null;
}

function part(kind: string, tokens: number, rate: string | null): Part {
  const cost = rate === null ? null : (BigInt(tokens) * nanodollars(rate)) / 1_000_000n;
  return { kind, tokens, rate, cost };
}
