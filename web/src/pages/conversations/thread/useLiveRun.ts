import { useEffect, useRef, useState } from "react";
import { call } from "@/api/client";
import { Problem } from "@/api/problem";
import { eventsOf } from "@/streams/events";
import { type Heard, hear, NOTHING } from "./heard";

const AGAIN_MS = 1_000;

/** Follows a run from its beginning to its end; whenever it is cut off it goes on from where it was. */
export function useLiveRun(run: string, ended: () => void): { heard: Heard; error: Error | null } {
  const [heard, tell] = useState(NOTHING);
  const [error, fail] = useState<Error | null>(null);
  const latest = useRef(ended);
  latest.current = ended;
  useEffect(() => {
    const leaving = new AbortController();
    follow(run, leaving.signal, tell).then(
      () => leaving.signal.aborted || latest.current(),
      (failure: unknown) => leaving.signal.aborted || fail(failure as Error),
    );
    return () => leaving.abort();
  }, [run]);
  return { heard, error };
}

async function follow(run: string, signal: AbortSignal, tell: (heard: Heard) => void): Promise<void> {
  let heard = NOTHING;
  while (!heard.hasEnded && !signal.aborted) {
    try {
      const from = heard.place === null ? "" : `?starting_after=${heard.place}`;
      const response = await call(`/api/runs/${run}/events${from}`, { signal });
      for await (const event of eventsOf(response)) {
        heard = hear(heard, event);
        tell(heard);
      }
    } catch (error) {
      if (!signal.aborted && !isCutOff(error)) throw error;
    }
    if (!heard.hasEnded) await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
  }
}

/** The line or the gateway went away, which may come back; a stream that breaks off is a TypeError. */
function isCutOff(error: unknown): boolean {
  if (error instanceof Problem) return error.status === 0 || error.status >= 500;
  return error instanceof TypeError;
}
