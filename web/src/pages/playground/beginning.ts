/** Where a talk begins that goes on from a logged request: with what was asked then. Pure. */

import type { RequestView } from "@/api/schema";
import { type Fields, isRecord, readJson } from "@/format/json";
import { readAnswered, readAsked } from "../requests/detail/talk";
import type { Call } from "./answer";
import type { Attached } from "./attached";
import { type Brief, NO_BRIEF } from "./body";
import type { Line } from "./line";
import { DEMO, type Pane } from "./panes";

export interface Beginning {
  pane: Pane;
  brief: Brief;
  lines: readonly Line[];
  /** What is ready to be sent again. */
  typed: string;
  files: readonly Attached[];
  /** What was answered then; null where that is not kept. */
  logged: string | null;
  isKept: boolean;
}

export const AFRESH: Beginning = {
  pane: DEMO,
  brief: NO_BRIEF,
  lines: [],
  typed: "",
  files: [],
  logged: null,
  isKept: true,
};

type Logged = Pick<RequestView, "surface" | "asked_model" | "payload">;

export function beginningOf({ surface, asked_model, payload }: Logged): Beginning {
  const body = inner(readJson(payload?.request ?? ""));
  const all =
    surface === "chat.completions" ? messagesOf(body) : readAsked(payload?.request ?? "").map(lineOf);
  const system = all.filter(({ role }) => role === "system" || role === "developer");
  const lines = all.filter((line) => !system.includes(line));
  const last = lines.at(-1)?.role === "user" ? lines.pop() : undefined;
  const answered = readAnswered(payload?.response ?? "").map((said) => said.text);
  return {
    pane: paneOf(asked_model ?? DEMO.model, body),
    brief: {
      system: system.map((line) => line.content).join("\n\n"),
      tools: surface === "chat.completions" ? written(body.tools) : "",
      schema: written(inner(inner(body.response_format).json_schema).schema),
    },
    lines,
    typed: last?.content ?? "",
    files: last?.files ?? [],
    logged: answered.length === 0 ? null : answered.join("\n"),
    isKept: all.length > 0,
  };
}

/** Settings by the names that they have in any dialect. */
function paneOf(model: string, body: Fields): Pane {
  const google = inner(body.generationConfig);
  const first = (...values: unknown[]) => String(values.find((value) => typeof value === "number") ?? "");
  return {
    model,
    temperature: first(body.temperature, google.temperature),
    topP: first(body.top_p, google.topP),
    maxTokens: first(
      body.max_completion_tokens,
      body.max_tokens,
      body.max_output_tokens,
      google.maxOutputTokens,
    ),
  };
}

function messagesOf(body: Fields): Line[] {
  return listOf(body.messages).map((message) => {
    const parts = listOf(message.content);
    const files = parts.flatMap(fileOf);
    const calls = listOf(message.tool_calls).map(callOf);
    return {
      role: String(message.role),
      content: typeof message.content === "string" ? message.content : parts.flatMap(wordsOf).join("\n"),
      ...(files.length > 0 && { files }),
      ...(calls.length > 0 && { calls }),
      ...(typeof message.tool_call_id === "string" && { call: message.tool_call_id }),
    };
  });
}

function lineOf({ role, text }: { role: string; text: string }): Line {
  return { role: role === "model" ? "assistant" : role, content: text };
}

function wordsOf(part: Fields): string[] {
  return typeof part.text === "string" ? [part.text] : [];
}

function fileOf(part: Fields): Attached[] {
  const { url } = inner(part.image_url);
  if (typeof url === "string") return [{ name: "picture", type: "image/*", url }];
  const { filename, file_data } = inner(part.file);
  if (typeof file_data !== "string") return [];
  return [{ name: String(filename ?? "document"), type: "application/pdf", url: file_data }];
}

function callOf(call: Fields): Call {
  const { name, arguments: given } = inner(call.function);
  return { id: String(call.id ?? ""), name: String(name ?? ""), arguments: String(given ?? "") };
}

function written(value: unknown): string {
  return value === undefined || value === null ? "" : JSON.stringify(value, null, 2);
}

function listOf(value: unknown): Fields[] {
  return Array.isArray(value) ? value.map(inner) : [];
}

/** What is within; nothing where it is no object. */
function inner(value: unknown): Fields {
  return isRecord(value) ? value : {};
}
