/** A talk as a conversation that is kept, which another program may go on with. Pure. */

import type { Imported } from "@/api/schema";
import type { Attached } from "./attached";
import { type Brief, bodyOf } from "./body";
import type { Line } from "./line";
import type { Pane } from "./panes";

const TITLE_CHARS = 80;

export function conversationOf(pane: Pane, brief: Brief, lines: readonly Line[]): Imported {
  const {
    model,
    messages: _,
    stream,
    stream_options,
    ...settings
  } = { ...bodyOf(pane, brief, []) } as Record<string, unknown>;
  const [firstWords = ""] = lines.filter((line) => line.role === "user").map((line) => line.content);
  const title = firstWords.replace(/\s+/g, " ").slice(0, TITLE_CHARS).trim();
  const system = brief.system.trim();
  return {
    model: String(model),
    settings,
    messages: lines.map((line) => ({ role: line.role, content: partsOf(line) })),
    ...(title !== "" && { title }),
    ...(system !== "" && { system }),
  };
}

function partsOf({ content, files = [], calls = [], call }: Line): object[] {
  if (call !== undefined) return [{ type: "tool_result", tool_call_id: call, content }];
  return [
    ...files.map(keptPartOf),
    ...(content === "" ? [] : [{ type: "text", text: content }]),
    ...calls.map(({ id, name, arguments: given }) => ({ type: "tool_call", id, name, arguments: given })),
  ];
}

function keptPartOf({ name, type, url }: Attached): object {
  if (type.startsWith("image/")) return { type: "image", url };
  return { type: "file", filename: name, data: url };
}
