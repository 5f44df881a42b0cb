/** What the gateway decided on the way of a request, in its order, as far as the row tells it. Pure. */

import type { RequestView } from "@/api/schema";
import { counted } from "@/format/number";
import type { Tone } from "@/parts/Status";
import { servedBy } from "../outcome";

export interface Decision {
  step: string;
  tone: Tone;
  words: string;
  /** Where one sees what it rests on. */
  to: string | null;
}

export type Decided = Pick<
  RequestView,
  "attempts" | "asked_model" | "cache" | "error" | "guards" | "model" | "outcome" | "provider" | "user"
>;

/** Which step says no with which outcome. A provider's own outcomes are in no list: it was asked. */
const REFUSALS: Readonly<Record<string, readonly string[]>> = {
  Token: ["insufficient_scope"],
  Form: [
    "invalid_request",
    "request_too_large",
    "unsupported_media_type",
    "unprocessable",
    "unsupported",
    "request_timeout",
  ],
  Limits: ["rate_limit_exceeded"],
  Guards: ["content_filter", "moderation_blocked", "guard_unavailable"],
  Route: ["model_not_found", "no_credential"],
  Budget: ["insufficient_quota", "unknown_price"],
};

export function decisionsOf(request: Decided): Decision[] {
  const wasAsked = request.attempts.length > 0;
  const steps = stepsOf(request);
  const refusing = steps.findIndex(({ step }) => REFUSALS[step]?.includes(request.outcome) === true);
  // What a provider says of a request's form is the provider's.
  if (refusing < 0 || (wasAsked && steps[refusing]?.step === "Form")) return steps;
  const refused = request.error?.message ?? "refused";
  return [
    ...steps.slice(0, refusing),
    ...steps
      .slice(refusing, refusing + 1)
      .map((step): Decision => ({ ...step, tone: "bad", words: refused })),
  ];
}

/** All of them, as they are when none says no. */
function stepsOf(request: Decided): Decision[] {
  const { attempts, asked_model: asked, guards, user } = request;
  const flagged = guards.filter((guard) => guard.verdict !== "allow");
  const served = servedBy(request);
  const told = (step: string, words: string, to: string | null = null, tone: Tone = "good"): Decision => ({
    step,
    tone,
    words,
    to,
  });
  return [
    told("Token", "known, and has the right", `/keys?user=${user}`),
    told("Form", "can be read"),
    told("Limits", "within", `/keys?user=${user}`),
    guards.length === 0
      ? told("Guards", "none was asked", null, "idle")
      : told(
          "Guards",
          flagged.length === 0 ? "let it pass" : `${counted(flagged.length, "remark")}, and let it pass`,
          null,
          flagged.length === 0 ? "good" : "warn",
        ),
    told(
      "Route",
      `${asked ?? "no model"} → ${served ?? "nobody"}${attempts.length > 1 ? `, after ${counted(attempts.length - 1, "other attempt")}` : ""}`,
      asked === null ? null : `/models?model=${encodeURIComponent(asked)}`,
      attempts.length > 1 ? "warn" : "good",
    ),
    request.cache === null
      ? told("Cache", "was not asked", null, "idle")
      : told("Cache", request.cache, null, "good"),
    attempts.length === 0
      ? told("Budget", "nothing had to be held", `/budgets?user=${user}`, "idle")
      : told("Budget", `held before ${counted(attempts.length, "attempt")}`, `/budgets?user=${user}`),
  ];
}
