/** A request as bars on one line of time. Pure. */

import type { AttemptView, RequestView } from "@/api/schema";

export interface Bar {
  label: string;
  /** Both in milliseconds since the request came; `heard_ms` is when it began to speak or failed. */
  began_ms: number;
  heard_ms: number;
  ended_ms: number;
  outcome: string;
  provider_status: number | null;
  credential: string | null;
}

type Spoken = Pick<RequestView, "stream" | "response_time_ms" | "time_to_first_token_ms" | "usage">;

const LEAST_MS = 50;

type Timed = Pick<RequestView, "attempts" | "response_time_ms" | "time_to_first_token_ms" | "upstream_ms">;

/** A bar for each attempt; none where it is not known when it was. */
export function barsOf(request: Timed): Bar[] {
  const last = request.attempts.length - 1;
  return request.attempts.flatMap((attempt, place) => {
    const [began_ms, heard_ms] = timesOf(attempt, request);
    if (began_ms === null || heard_ms === null) return [];
    const speaks = place === last && attempt.outcome === "succeeded";
    const { outcome, provider_status, credential } = attempt;
    return {
      label: `${attempt.provider}/${attempt.model}`,
      began_ms,
      heard_ms,
      ended_ms: speaks ? Math.max(heard_ms, request.response_time_ms) : heard_ms,
      outcome: outcome ?? "unfinished",
      provider_status,
      credential,
    };
  });
}

/** How many tokens a second it was told, from the first on; null of an answer that came as one, or too soon to say. */
export function speedOf(request: Spoken): number | null {
  const { stream, time_to_first_token_ms: first_ms, response_time_ms, usage } = request;
  const spoke_ms = first_ms === null ? 0 : response_time_ms - first_ms;
  const tokens = (usage?.output_tokens ?? 0) - 1;
  if (!stream || spoke_ms < LEAST_MS || tokens < 1) return null;
  return tokens / (spoke_ms / 1000);
}

function timesOf(attempt: AttemptView, request: Timed): [number | null, number | null] {
  const { began_ms = null, heard_ms = null } = attempt;
  if (began_ms !== null || request.attempts.length > 1)
    return [began_ms, heard_ms ?? request.response_time_ms];
  // The only attempt of a request that succeeded at once has no times of its own, and needs none.
  const first_ms = request.time_to_first_token_ms;
  if (first_ms === null || attempt.outcome !== "succeeded") return [null, null];
  return [Math.max(0, request.response_time_ms - request.upstream_ms), first_ms];
}
