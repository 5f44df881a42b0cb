/** How jobs stand, and what can be done to them. Pure. */

import type { JobView } from "@/api/schema";
import type { Tone } from "@/parts/Status";

export const STATUSES = ["queued", "running", "retrying", "succeeded", "failed", "cancelled"] as const;

export type JobStatus = (typeof STATUSES)[number];

const TONES: Readonly<Record<JobStatus, Tone>> = {
  queued: "idle",
  running: "busy",
  retrying: "warn",
  succeeded: "good",
  failed: "bad",
  cancelled: "idle",
};

const WORDS: Partial<Record<JobStatus, string>> = { queued: "waiting", retrying: "tried again" };

export function isStatus(text: string | null): text is JobStatus {
  return STATUSES.some((status) => status === text);
}

export function wordsOf(status: string): string {
  return isStatus(status) ? (WORDS[status] ?? status) : status;
}

export function toneOf(status: string): Tone {
  return isStatus(status) ? TONES[status] : "idle";
}

/** It will still come to something by itself. */
export function isUnderWay(status: string): boolean {
  return status === "queued" || status === "running" || status === "retrying";
}

/** It has not begun, or is to begin once more. */
export function isWaiting(status: string): boolean {
  return status === "queued" || status === "retrying";
}

export function canBeRetried(status: string): boolean {
  return status === "failed" || status === "cancelled";
}

/** Why it failed, in one line. */
export function errorOf({ error }: Pick<JobView, "error">): { code: string; message: string } | null {
  if (error === null) return null;
  const said: Readonly<Record<string, unknown>> = error;
  return { code: String(said.code ?? "unknown"), message: String(said.message ?? "") };
}

/** How often each error is among some jobs, the most frequent first. */
export function errorCounts(jobs: readonly Pick<JobView, "error">[]): { code: string; count: number }[] {
  const counts = new Map<string, number>();
  for (const job of jobs) {
    const code = errorOf(job)?.code;
    if (code !== undefined) counts.set(code, (counts.get(code) ?? 0) + 1);
  }
  return [...counts].map(([code, count]) => ({ code, count })).sort((a, b) => b.count - a.count);
}
