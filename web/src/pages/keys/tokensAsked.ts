/** Which tokens are asked for, as it stands in the address. Pure. */

export const STATES = ["active", "expired", "revoked"] as const;
export type State = (typeof STATES)[number];

/** Whole days without a use that one can ask for. */
export const UNUSED_DAYS = [30, 90, 180] as const;

export interface TokensAsked {
  state: State | null;
  unused: number | null;
}

export function readTokensAsked(search: URLSearchParams): TokensAsked {
  const [state, unused] = [search.get("state"), Number(search.get("unused"))];
  return {
    state: STATES.find((one) => one === state) ?? null,
    unused: UNUSED_DAYS.find((days) => days === unused) ?? null,
  };
}
