/** How a budget is divided, as lengths of a bar. Pure. */

import type { BudgetView } from "@/api/schema";
import { shareOf } from "@/format/money";
import type { Tone } from "@/parts/Status";
import { sizeOf } from "./amount";

type Budget = Pick<BudgetView, "limit" | "posted" | "open" | "unconfirmed" | "mode">;

export type PortionName = "spent" | "held" | "unconfirmed";

export interface Portion {
  name: PortionName;
  amount: string | number;
  share: number;
}

/** Spent, held for calls under way, held for calls whose end is unknown. What is over the limit makes the bar that much longer, so that all of it is in sight. */
export function portionsOf({ limit, posted, open, unconfirmed }: Budget): Portion[] {
  const amounts = { spent: posted, held: open, unconfirmed };
  const used = sizeOf(posted) + sizeOf(open) + sizeOf(unconfirmed);
  const isOver = used > sizeOf(limit);
  const whole = isOver ? used : sizeOf(limit);
  return (Object.keys(amounts) as PortionName[]).map((name) => ({
    name,
    amount: amounts[name],
    share: shareOf(sizeOf(amounts[name]), whole),
  }));
}

/** What part of the limit is used or set aside; of a limit of nothing, all. */
export function usedOf({ limit, posted, open, unconfirmed }: Budget): number {
  const used = sizeOf(posted) + sizeOf(open) + sizeOf(unconfirmed);
  return sizeOf(limit) === 0n ? 1 : shareOf(used, sizeOf(limit));
}

const NEARLY = 0.8;

/** How it stands; what happens to calls then depends on its mode. */
export function standingOf(budget: Budget): { tone: Tone; words: string } {
  const used = usedOf(budget);
  if (used < NEARLY) return { tone: "good", words: "within" };
  if (used < 1) return { tone: "warn", words: "nearly used up" };
  if (budget.mode === "warn") return { tone: "bad", words: "over, and calls go on" };
  return { tone: "bad", words: "used up, calls are refused" };
}
