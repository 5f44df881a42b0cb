/** How a request ended, in a few words and a tone. Pure. */

import type { RequestView } from "@/api/schema";
import type { Tone } from "@/parts/Status";

export function toneOf(request: Pick<RequestView, "outcome" | "status">): Tone {
  if (request.outcome === "succeeded") return "good";
  if (request.outcome === "client_left") return "idle";
  return request.status >= 500 || request.outcome === "gateway_stopped" ? "bad" : "warn";
}

/** "provider_unavailable" → "provider unavailable" */
export function wordsOf(outcome: string): string {
  return outcome.replaceAll("_", " ");
}

/** What was asked for, where that is not what answered: an alias, or another model after a fallback. */
export function askedOtherwise(
  request: Pick<RequestView, "asked_model" | "provider" | "model">,
): string | null {
  const served = servedBy(request);
  if (request.asked_model === null || request.asked_model === served || request.asked_model === request.model)
    return null;
  return request.asked_model;
}

export function servedBy(request: Pick<RequestView, "provider" | "model">): string | null {
  if (request.model === null) return null;
  return request.provider === null ? request.model : `${request.provider}/${request.model}`;
}
