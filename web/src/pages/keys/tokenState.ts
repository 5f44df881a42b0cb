/** How a token stands, in a word or two. Pure. */

import type { TokenView } from "@/api/schema";
import { distance } from "@/format/time";
import type { Tone } from "@/parts/Status";

const DAY_MS = 86_400_000;
const SOON_DAYS = 14;
const FORGOTTEN_DAYS = 90;

export interface TokenState {
  tone: Tone;
  words: string;
  /** It still opens the door. */
  isAlive: boolean;
}

type Token = Pick<TokenView, "created_at" | "expires_at" | "revoked_at" | "last_used_at">;

/** What ends a token comes first; then what an operator should look at: it ends soon, or nobody uses it. */
export function tokenState(token: Token, now: Date): TokenState {
  if (token.revoked_at !== null) return { tone: "idle", words: "revoked", isAlive: false };
  if (token.expires_at !== null) {
    const expires = new Date(token.expires_at);
    if (expires <= now) return { tone: "idle", words: "expired", isAlive: false };
    if (expires.getTime() - now.getTime() < SOON_DAYS * DAY_MS)
      return { tone: "warn", words: `expires ${distance(expires, now)}`, isAlive: true };
  }
  const seen = new Date(token.last_used_at ?? token.created_at);
  if (now.getTime() - seen.getTime() >= FORGOTTEN_DAYS * DAY_MS)
    return { tone: "warn", words: `unused for ${FORGOTTEN_DAYS} days`, isAlive: true };
  return { tone: "good", words: "active", isAlive: true };
}

/** Those that open the door first, the newest first of either. */
export function inOrder<T extends Token>(tokens: readonly T[], now: Date): T[] {
  const isDead = (token: T) => Number(!tokenState(token, now).isAlive);
  return [...tokens].sort((a, b) => isDead(a) - isDead(b) || b.created_at.localeCompare(a.created_at));
}
