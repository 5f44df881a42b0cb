/** Asks a model through the gateway, as any client would, and tells the answer as it comes. */

import { call } from "@/api/client";
import type { Heard } from "@/streams/EventList";
import { eventsOf } from "@/streams/events";
import { type Answer, hear, SILENCE } from "./answer";

export interface Told {
  answer: Answer;
  /** Every event, as it came. */
  heard: readonly Heard[];
  request: string | null;
  /** Who answered, when a route chose. */
  servedBy: string | null;
  attempts: number | null;
  firstWord_ms: number | null;
  lasted_ms: number;
}

export async function* ask(body: object, signal: AbortSignal): AsyncGenerator<Told> {
  const began = performance.now();
  const response = await call("/v1/chat/completions", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
    signal,
  });
  const { headers } = response;
  const provider = headers.get("x-tollhouse-provider");
  const model = headers.get("x-tollhouse-model");
  let told: Told = {
    answer: SILENCE,
    heard: [],
    request: headers.get("x-request-id"),
    servedBy: provider === null || model === null ? null : `${provider}/${model}`,
    attempts: numberIn(headers, "x-tollhouse-attempts"),
    firstWord_ms: null,
    lasted_ms: 0,
  };
  for await (const { event = null, data } of eventsOf(response)) {
    const lasted_ms = performance.now() - began;
    const heard = [...told.heard, { at_ms: lasted_ms, event, data }];
    const answer = hear(told.answer, data);
    const hasBegun = answer.text !== "" || answer.thought !== "" || answer.calls.length > 0;
    const firstWord_ms = told.firstWord_ms ?? (hasBegun ? lasted_ms : null);
    told = { ...told, answer, heard, lasted_ms, firstWord_ms };
    yield told;
  }
}

function numberIn(headers: Headers, name: string): number | null {
  const text = headers.get(name);
  return text === null ? null : Number(text);
}
