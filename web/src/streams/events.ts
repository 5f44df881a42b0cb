/** Server-sent events of an answer, one after the other, until it ends or whoever reads leaves. */

import { createParser } from "eventsource-parser";
import { type EventSourceMessage, EventSourceParserStream } from "eventsource-parser/stream";

export async function* eventsOf(response: Response): AsyncGenerator<EventSourceMessage> {
  if (response.body === null) return;
  const reader = response.body
    .pipeThrough(new TextDecoderStream())
    .pipeThrough(new EventSourceParserStream())
    .getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    await reader.cancel();
  }
}

/** Those of a stream that is over, and was kept as text. */
export function eventsIn(text: string): readonly EventSourceMessage[] {
  const found: EventSourceMessage[] = [];
  createParser({ onEvent: (event) => found.push(event) }).feed(text);
  return found;
}
