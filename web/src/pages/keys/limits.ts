/** How much a user may ask at once, in few words and as it is typed. Pure. */

import type { LimitsView } from "@/api/schema";
import { count } from "@/format/number";

/** "60 requests/min, 4 at once"; of nobody's limits, that there are none. */
export function limitsTold({ requests_per_minute, tokens_per_minute, concurrent }: LimitsView): string {
  const told = [
    requests_per_minute !== null && `${count(requests_per_minute)} requests/min`,
    tokens_per_minute !== null && `${count(tokens_per_minute)} tokens/min`,
    concurrent !== null && `${count(concurrent)} at once`,
  ].filter((limit) => limit !== false);
  return told.length === 0 ? "none" : told.join(", ");
}

/** A limit as it was typed: nothing is no limit (null); undefined is no limit that there can be. */
export function readLimit(text: string): number | null | undefined {
  const digits = text.trim().replaceAll(/[,_\s]/g, "");
  if (digits === "") return null;
  const limit = /^\d+$/.test(digits) ? Number(digits) : 0;
  return limit >= 1 && Number.isSafeInteger(limit) ? limit : undefined;
}
