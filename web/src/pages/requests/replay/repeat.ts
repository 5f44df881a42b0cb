/** A logged request as a call that can be made again, of the same model or another one. Pure. */

import type { RequestView } from "@/api/schema";
import { isRecord, readJson } from "@/format/json";
import { pathOf } from "../detail/path";

export type Repeatable = Pick<RequestView, "surface" | "asked_model" | "stream" | "has_payload" | "payload">;

export interface Repeat {
  path: string;
  body: string;
}

/** The same again, to the letter where the model is the same; or why that cannot be. */
export function repeatOf(request: Repeatable, model: string): Repeat | string {
  const path = pathOf({ ...request, asked_model: model });
  if (path === null)
    return "It was a part of something larger, such as a turn of a conversation, and is no call of its own.";
  const body = request.payload?.request ?? null;
  if (body === null)
    return request.has_payload === true ? "What it asked is not revealed." : "What it asked is not kept.";
  const asked = readJson(body);
  if (!isRecord(asked)) return "What it asked is kept only in part, or was no JSON.";
  if (asked.background === true) return "It ran in the background. Follow it as a job.";
  if (asked.conversation !== undefined && asked.conversation !== null)
    return "It would be added to its conversation once more.";
  const isSame = model === request.asked_model || request.surface === "generate_content";
  return { path, body: isSame ? body : JSON.stringify({ ...asked, model }) };
}

/** Whether secrets were taken out of it, so that it is not to the letter what was asked. */
export function isRedacted(request: Repeatable): boolean {
  return request.payload?.request?.includes("***") === true;
}
