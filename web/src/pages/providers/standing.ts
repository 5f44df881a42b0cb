/** How a provider stands, in a word or two. Pure. */

import type { ProviderView } from "@/api/schema";
import { count, percent } from "@/format/number";
import type { Tone } from "@/parts/Status";

const TROUBLED = 0.05;
const BROKEN = 0.5;

export interface Standing {
  tone: Tone;
  words: string;
}

export function standingOf({ paused, breaker, attempts, error_share }: ProviderView): Standing {
  if (paused !== null) return { tone: "warn", words: "paused" };
  if (breaker === "open") return { tone: "bad", words: "left alone, keeps failing" };
  if (breaker === "half_open") return { tone: "warn", words: "tried with care" };
  if (attempts === 0 || error_share === null) return { tone: "idle", words: "not asked" };
  if (error_share >= TROUBLED) {
    return {
      tone: error_share >= BROKEN ? "bad" : "warn",
      words: `${percent(error_share)} of ${count(attempts)} failed`,
    };
  }
  return {
    tone: "good",
    words:
      error_share === 0 ? `${count(attempts)} well` : `${percent(error_share)} of ${count(attempts)} failed`,
  };
}

/** Somebody may use it: it has a key, or needs none and was asked. */
export function isSetUp({ credentials, has_shared_key, attempts, last_success_at }: ProviderView): boolean {
  return credentials > 0 || has_shared_key || attempts > 0 || last_success_at !== null;
}
