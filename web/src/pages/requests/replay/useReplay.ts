import { useEffect, useState } from "react";
import { call } from "@/api/client";
import { Problem } from "@/api/problem";
import type { Repeat } from "./repeat";

export interface Replay {
  /** The id of the new request, as soon as that is known. */
  request: string | null;
  /** What came so far, as it stood on the wire. */
  body: string;
  state: "speaking" | "ended" | "stopped" | "failed";
  error: Error | null;
}

const SILENT: Replay = { request: null, body: "", state: "speaking", error: null };
const TELL_EVERY_MS = 200;

/** Makes a call again, and tells what comes of it. */
export function useReplay(whenEnded: (request: string) => void) {
  const [replay, tell] = useState<Replay | null>(null);
  const [leaving, leave] = useState<AbortController | null>(null);
  useEffect(() => () => leaving?.abort(), [leaving]);

  const start = async ({ path, body }: Repeat) => {
    const stopping = new AbortController();
    leave(stopping);
    let now = SILENT;
    const show = (more: Partial<Replay>) => {
      now = { ...now, ...more };
      tell(now);
    };
    show({});
    try {
      // An answer that was kept would be the same one again.
      const headers = { "content-type": "application/json", "cache-control": "no-cache" };
      const response = await call(path, { method: "POST", headers, body, signal: stopping.signal });
      show({ request: response.headers.get("x-request-id") });
      for await (const text of textsOf(response)) show({ body: text });
      show({ state: "ended" });
    } catch (error) {
      const request = error instanceof Problem ? error.requestId : null;
      if (stopping.signal.aborted) show({ state: "stopped" });
      else
        show({
          state: "failed",
          error: error instanceof Error ? error : new Error(String(error)),
          ...(request !== null && { request }),
        });
    } finally {
      leave(null);
    }
    if (now.request !== null) whenEnded(now.request);
  };
  return { replay, start, stop: leaving === null ? null : () => leaving.abort() };
}

/** All that came so far, now and then, and at the end. */
async function* textsOf(response: Response): AsyncGenerator<string> {
  if (response.body === null) return;
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  let told_ms = performance.now();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      text += value;
      if (performance.now() - told_ms < TELL_EVERY_MS) continue;
      told_ms = performance.now();
      yield text;
    }
    yield text;
  } finally {
    await reader.cancel();
  }
}
