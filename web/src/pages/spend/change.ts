/** How an amount compares with the one before it. Pure. */

import { type Nanodollars, shareOf } from "@/format/money";
import { count, percent } from "@/format/number";

/** "+12 %", "−3.0 %", "× 14", "new"; null where there is nothing to compare. */
export function changeOf(now: Nanodollars, before: Nanodollars): string | null {
  if (before === 0n) return now === 0n ? null : "new";
  const change = shareOf(now - before, before);
  if (change === 0) return "± 0 %";
  if (change >= 9) return `× ${count(Math.round(change + 1))}`;
  return `${change > 0 ? "+" : "−"}${percent(Math.abs(change))}`;
}
