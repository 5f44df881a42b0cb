/** What an endpoint may hear of. */

import type { NewWebhook } from "@/api/schema";

export type EventName = NewWebhook["events"][number];

export const EVENTS: readonly { value: EventName; label: string }[] = [
  { value: "budget.threshold", label: "A budget is partly used" },
  { value: "budget.overage", label: "A budget is overcharged" },
  { value: "credential.aging", label: "A key is old" },
  { value: "credential.failing", label: "A key is refused" },
  { value: "run.succeeded", label: "A job succeeded" },
  { value: "run.failed", label: "A job failed" },
  { value: "run.cancelled", label: "A job was cancelled" },
];

/** Of jobs there may be many. */
export const FIRST_EVENTS: ReadonlySet<string> = new Set<EventName>([
  "budget.threshold",
  "budget.overage",
  "credential.aging",
  "credential.failing",
]);
