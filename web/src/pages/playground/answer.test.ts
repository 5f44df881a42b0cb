import { expect, it } from "vitest";
import { hear, SILENCE } from "./answer";

const piece = (delta: object, finish_reason: string | null = null) =>
  JSON.stringify({ choices: [{ index: 0, delta, finish_reason }], usage: null });
const told = (...pieces: string[]) => pieces.reduce(hear, SILENCE);

it("puts the words together, and what they cost", () => {
  const usage = { prompt_tokens: 2, completion_tokens: 2, total_tokens: 4, cost_usd: "0.0000015" };
  const answer = told(
    piece({ role: "assistant", content: "" }),
    piece({ content: "Hello " }),
    piece({ content: "you" }),
    piece({}, "stop"),
    JSON.stringify({ choices: [], usage }),
    "[DONE]",
  );
  expect(answer).toMatchObject({ text: "Hello you", finish: "stop", error: null });
  expect(answer.usage).toEqual({ input: 2, output: 2, cost_usd: "0.0000015" });
});

it("does not take an unknown price for nothing", () => {
  const usage = { prompt_tokens: 2, completion_tokens: 2, cost_usd: null };
  expect(told(JSON.stringify({ choices: [], usage })).usage?.cost_usd).toBeNull();
});

it("puts calls of tools together, each from its own pieces", () => {
  const called = (index: number, name: string | undefined, given: string) =>
    piece({
      tool_calls: [{ index, ...(name && { id: `call_${name}` }), function: { name, arguments: given } }],
    });
  const { calls } = told(
    called(0, "weather", '{"ci'),
    called(1, "time", "{}"),
    called(0, undefined, 'ty":"Graz"}'),
  );
  expect(calls).toEqual([
    { id: "call_weather", name: "weather", arguments: '{"city":"Graz"}' },
    { id: "call_time", name: "time", arguments: "{}" },
  ]);
});

it("keeps what was said before an answer broke off", () => {
  const answer = told(
    piece({ content: "Half" }),
    JSON.stringify({ error: { message: "The provider hung up." } }),
  );
  expect(answer).toMatchObject({ text: "Half", error: "The provider hung up." });
});
