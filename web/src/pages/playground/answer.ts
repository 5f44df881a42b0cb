/** What a model has answered so far, put together from the pieces of a chat completion's stream. Pure. */

import { type Fields, isRecord } from "@/format/json";

export interface Answer {
  text: string;
  thought: string;
  calls: readonly Call[];
  finish: string | null;
  usage: Usage | null;
  /** Of an answer that broke off in the middle. */
  error: string | null;
}

export interface Call {
  id: string;
  name: string;
  arguments: string;
}

export interface Usage {
  input: number;
  output: number;
  /** Null where no price is known. */
  cost_usd: string | null;
}

export const SILENCE: Answer = { text: "", thought: "", calls: [], finish: null, usage: null, error: null };

/** Adds one piece; `[DONE]` and what is no piece add nothing. */
export function hear(answer: Answer, data: string): Answer {
  if (data === "[DONE]") return answer;
  const piece: unknown = JSON.parse(data);
  if (!isRecord(piece)) return answer;
  const { error } = piece;
  if (isRecord(error)) return { ...answer, error: wordsOf(error.message) };
  const [choice] = Array.isArray(piece.choices) ? piece.choices : [];
  const { delta = {}, finish_reason = null } = isRecord(choice) ? choice : {};
  const said = isRecord(delta) ? delta : {};
  return {
    ...answer,
    text: answer.text + wordsOf(said.content) + wordsOf(said.refusal),
    thought: answer.thought + wordsOf(said.reasoning_content),
    calls: Array.isArray(said.tool_calls) ? said.tool_calls.reduce(withCall, answer.calls) : answer.calls,
    finish: typeof finish_reason === "string" ? finish_reason : answer.finish,
    usage: isRecord(piece.usage) ? usageOf(piece.usage) : answer.usage,
  };
}

/** The pieces of a call say to which one they belong, by its place. */
function withCall(calls: readonly Call[], piece: unknown): readonly Call[] {
  if (!isRecord(piece)) return calls;
  const place = typeof piece.index === "number" ? piece.index : calls.length;
  const called = isRecord(piece.function) ? piece.function : {};
  const before = calls[place] ?? { id: "", name: "", arguments: "" };
  const next = [...calls];
  next[place] = {
    id: before.id + wordsOf(piece.id),
    name: before.name + wordsOf(called.name),
    arguments: before.arguments + wordsOf(called.arguments),
  };
  return next;
}

function usageOf(usage: Fields): Usage {
  return {
    input: Number(usage.prompt_tokens ?? 0),
    output: Number(usage.completion_tokens ?? 0),
    cost_usd: typeof usage.cost_usd === "string" ? usage.cost_usd : null,
  };
}

function wordsOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}
