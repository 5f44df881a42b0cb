/** A branch as turns: messages, and where one came to no answer, the runs that tried. Pure. */

import type { MessageView, RunView } from "@/api/schema";

export type Entry =
  | { kind: "message"; message: MessageView; run: RunView | undefined }
  | { kind: "failed"; run: RunView }
  | { kind: "live"; run: RunView };

const UNDER_WAY = new Set(["queued", "running", "retrying"]);

/**
 * Runs that gave no answer belong behind their question. A failed one is told only while nothing else answered: behind a
 * question that was answered in the end it would be noise.
 */
export function entriesOf(messages: readonly MessageView[], runs: readonly RunView[]): Entry[] {
  return messages.flatMap((message, place): Entry[] => {
    const own = runs.find((run) => run.id === message.run);
    const behind = runs.filter((run) => run.message === message.id && run.answer === null);
    const live = behind.filter((run) => UNDER_WAY.has(run.status));
    const isLast = place === messages.length - 1;
    const [latest] = behind.filter((run) => !UNDER_WAY.has(run.status));
    return [
      { kind: "message", message, run: own },
      ...(isLast && live.length === 0 && latest !== undefined
        ? [{ kind: "failed" as const, run: latest }]
        : []),
      ...live.map((run) => ({ kind: "live" as const, run })),
    ];
  });
}
