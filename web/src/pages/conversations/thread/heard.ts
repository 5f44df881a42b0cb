/** What has been heard so far of a run that is under way. Pure. */

import type { EventSourceMessage } from "eventsource-parser/stream";

export interface Heard {
  text: string;
  /** The last event, to go on from. */
  place: string | null;
  hasEnded: boolean;
}

export const NOTHING: Heard = { text: "", place: null, hasEnded: false };

const ENDS = new Set(["run.succeeded", "run.failed", "run.cancelled"]);

/** An attempt that failed takes back what it said: `run.reset`. */
export function hear(heard: Heard, { event, id, data }: EventSourceMessage): Heard {
  const place = id ?? heard.place;
  if (event === "message.delta") return { ...heard, place, text: heard.text + textOf(data) };
  if (event === "run.reset") return { ...heard, place, text: "" };
  return { ...heard, place, hasEnded: heard.hasEnded || ENDS.has(event ?? "") };
}

function textOf(data: string): string {
  const said: unknown = JSON.parse(data);
  if (typeof said !== "object" || said === null || !("text" in said)) return "";
  return typeof said.text === "string" ? said.text : "";
}
