/** Asks a model through the gateway, as any client would, and tells the answer as it comes. */

import { call } from "@/api/client";
import { eventsOf } from "@/streams/events";
import { type Answer, hear, SILENCE } from "./answer";

export interface Told {
  answer: Answer;
  request: string | null;
  /** Who answered, when a route chose. */
  servedBy: string | null;
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
    request: headers.get("x-request-id"),
    servedBy: provider === null || model === null ? null : `${provider}/${model}`,
    firstWord_ms: null,
    lasted_ms: 0,
  };
  for await (const { data } of eventsOf(response)) {
    const lasted_ms = performance.now() - began;
    const answer = hear(told.answer, data);
    const hasBegun = answer.text !== "" || answer.thought !== "" || answer.calls.length > 0;
    told = { ...told, answer, lasted_ms, firstWord_ms: told.firstWord_ms ?? (hasBegun ? lasted_ms : null) };
    yield told;
  }
}
