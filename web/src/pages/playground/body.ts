/** What is asked, as it is sent. Pure. */

import { isRecord } from "@/format/json";
import type { Call } from "./answer";
import { partOf } from "./attached";
import type { Line } from "./line";
import type { Pane } from "./panes";

/** What is told to every model alike, beside what is said. */
export interface Brief {
  system: string;
  /** JSON: a list of tools, as chat completions take them. */
  tools: string;
  /** JSON: the schema that an answer has to keep to. */
  schema: string;
}

export const NO_BRIEF: Brief = { system: "", tools: "", schema: "" };

/** A chat completion's body; what is not said is left to the model. */
export function bodyOf(pane: Pane, brief: Brief, lines: readonly Line[]): object {
  const system = brief.system.trim();
  return {
    model: pane.model,
    messages: [...(system === "" ? [] : [{ role: "system", content: system }]), ...lines.map(messageOf)],
    ...numbered("temperature", pane.temperature),
    ...numbered("top_p", pane.topP),
    ...numbered("max_completion_tokens", pane.maxTokens),
    ...toolsOf(brief.tools),
    ...formatOf(brief.schema),
    stream: true,
    stream_options: { include_usage: true },
  };
}

/** Whether a setting can be sent: nothing, or a number. The model says itself which numbers it takes. */
export function isSetting(text: string): boolean {
  return text.trim() === "" || Number.isFinite(Number(text));
}

export function areSettings({ temperature, topP, maxTokens }: Pane): boolean {
  return [temperature, topP, maxTokens].every(isSetting);
}

/** What is wrong with tools as they were typed, or null. */
export function complaintAboutTools(text: string): string | null {
  return complaintAbout(text, Array.isArray, "Tools are a list: [{…}]");
}

/** What is wrong with a schema as it was typed, or null. */
export function complaintAboutSchema(text: string): string | null {
  return complaintAbout(text, isRecord, "A schema is an object: {…}");
}

function complaintAbout(
  text: string,
  isRight: (value: unknown) => boolean,
  otherwise: string,
): string | null {
  if (text.trim() === "") return null;
  try {
    return isRight(JSON.parse(text)) ? null : otherwise;
  } catch (error) {
    return `No JSON: ${error instanceof Error ? error.message : String(error)}`;
  }
}

function messageOf({ role, content, files = [], calls = [], call }: Line): object {
  if (call !== undefined) return { role, tool_call_id: call, content };
  if (calls.length > 0)
    return { role, content: content === "" ? null : content, tool_calls: calls.map(calledOf) };
  if (files.length === 0) return { role, content };
  const words = content === "" ? [] : [{ type: "text", text: content }];
  return { role, content: [...files.map(partOf), ...words] };
}

function calledOf({ id, name, arguments: given }: Call): object {
  return { id, type: "function", function: { name, arguments: given } };
}

function toolsOf(text: string): object {
  return text.trim() === "" || complaintAboutTools(text) !== null ? {} : { tools: JSON.parse(text) };
}

function formatOf(text: string): object {
  if (text.trim() === "" || complaintAboutSchema(text) !== null) return {};
  const json_schema = { name: "answer", strict: true, schema: JSON.parse(text) };
  return { response_format: { type: "json_schema", json_schema } };
}

function numbered(name: string, text: string): object {
  return text.trim() === "" || !isSetting(text) ? {} : { [name]: Number(text) };
}
