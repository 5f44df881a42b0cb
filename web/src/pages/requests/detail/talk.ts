/** What was said, as a talk, of whichever dialect it is. What this does not understand is left to the raw text. Pure. */

import { type Fields, indented, isRecord, readJson } from "@/format/json";

export interface Said {
  role: string;
  text: string;
}

/** Of a request's body: OpenAI's and Anthropic's `messages`, Responses' `input`, Google's `contents`. */
export function readAsked(body: string): Said[] {
  const asked = readJson(body);
  if (!isRecord(asked)) return [];
  const before = ["system", "instructions"].flatMap((name) => saidOnce("system", asked[name]));
  const { input } = asked;
  if (typeof input === "string") return [...before, { role: "user", text: input }];
  const messages = [asked.messages, input, asked.contents].find(Array.isArray) ?? [];
  return [...before, ...messages.flatMap(readMessage)];
}

/** Of an answer's body, when it is whole; of a stream, its pieces put together. */
export function readAnswered(body: string): Said[] {
  const answered = readJson(body);
  if (isRecord(answered)) return readAnswer(answered);
  const pieces = body
    .split("\n")
    .filter((line) => line.startsWith("data:"))
    .map((line) => readJson(line.slice(5)))
    .filter(isRecord);
  const text = [pieces.map(textOfPiece).join(""), ...callsIn(pieces)].filter(Boolean).join("\n");
  return text === "" ? [] : [{ role: "assistant", text }];
}

/** What an answer says, as one text to be read or compared; of what says nothing, such as vectors, the body itself. */
export function answerIn(body: string): string {
  const said = readAnswered(body);
  if (said.length > 0) return said.map(({ text }) => text).join("\n\n");
  return indented(body);
}

function readAnswer(answer: Fields): Said[] {
  if (Array.isArray(answer.choices))
    return answer.choices.flatMap((choice) => (isRecord(choice) ? readMessage(choice.message) : []));
  if (Array.isArray(answer.output)) return answer.output.flatMap(readMessage);
  if (Array.isArray(answer.candidates)) {
    return answer.candidates.flatMap((one) => (isRecord(one) ? readMessage(one.content) : []));
  }
  return readMessage(answer);
}

function textOfPiece(piece: Fields): string {
  if (Array.isArray(piece.choices))
    return piece.choices.map((choice) => textOf(isRecord(choice) ? wordsIn(choice.delta) : null)).join("");
  if (Array.isArray(piece.candidates))
    return piece.candidates.map((one) => textOf(isRecord(one) ? one.content : null)).join("");
  if (typeof piece.delta === "string") return piece.type === "response.output_text.delta" ? piece.delta : "";
  return textOf(piece.delta);
}

/** Calls come in pieces of their own, which say by a place to which one they belong. */
function callsIn(pieces: readonly Fields[]): string[] {
  const calls = new Map<string, { name: string; arguments: string }>();
  const add = (place: unknown, name: unknown, given: unknown) => {
    const before = calls.get(String(place)) ?? { name: "", arguments: "" };
    calls.set(String(place), {
      name: before.name + (typeof name === "string" ? name : ""),
      arguments: before.arguments + (typeof given === "string" ? given : ""),
    });
  };
  for (const { choices, index, content_block: block, delta, type, item } of pieces) {
    for (const choice of Array.isArray(choices) ? choices.filter(isRecord) : []) {
      const told = isRecord(choice.delta) ? choice.delta.tool_calls : null;
      for (const call of Array.isArray(told) ? told.filter(isRecord) : [])
        if (isRecord(call.function)) add(call.index, call.function.name, call.function.arguments);
    }
    if (isRecord(block) && block.type === "tool_use") add(index, block.name, "");
    if (isRecord(delta) && typeof delta.partial_json === "string") add(index, "", delta.partial_json);
    if (type === "response.output_item.done" && isRecord(item) && item.type === "function_call")
      add(item.call_id, item.name, item.arguments);
  }
  return [...calls.values()].map(callOf);
}

function wordsIn(delta: unknown): unknown {
  if (!isRecord(delta)) return null;
  const { tool_calls: _, ...words } = delta;
  return words;
}

function readMessage(message: unknown): Said[] {
  if (!isRecord(message)) return [];
  const role = typeof message.role === "string" ? message.role : null;
  const text = textOf(message);
  return role === null || text === "" ? [] : [{ role, text }];
}

/** Everything readable of a message or a part of one. */
function textOf(said: unknown): string {
  if (typeof said === "string") return said;
  if (Array.isArray(said)) return said.map(textOf).filter(Boolean).join("\n");
  if (!isRecord(said)) return "";
  const calls = Array.isArray(said.tool_calls) ? said.tool_calls.map(callOf) : [];
  const own = said.type === "tool_use" || said.type === "function_call" ? [callOf(said)] : [];
  if (isRecord(said.functionCall)) own.push(callOf(said.functionCall));
  return [said.text, said.content, said.parts, said.refusal]
    .map(textOf)
    .concat(calls, own)
    .filter(Boolean)
    .join("\n");
}

function callOf(call: unknown): string {
  if (!isRecord(call)) return "";
  const called = isRecord(call.function) ? call.function : call;
  const given = called.arguments ?? called.input ?? called.args;
  return `${String(called.name)}(${typeof given === "string" ? given : JSON.stringify(given)})`;
}

function saidOnce(role: string, content: unknown): Said[] {
  const text = textOf(content);
  return text === "" ? [] : [{ role, text }];
}
