import { describe, expect, it } from "vitest";
import { answerIn, readAnswered, readAsked } from "./talk";

const json = JSON.stringify;

describe("what was said", () => {
  it.each([
    ["OpenAI's", { messages: [{ role: "user", content: [{ type: "text", text: "Hi" }] }] }],
    ["Anthropic's", { system: "", messages: [{ role: "user", content: "Hi" }] }],
    ["Responses'", { input: "Hi" }],
    ["Google's", { contents: [{ role: "user", parts: [{ text: "Hi" }] }] }],
  ])("is read from %s request", (_, body) => {
    expect(readAsked(json(body))).toEqual([{ role: "user", text: "Hi" }]);
  });

  it("begins with what the operator of the client said", () => {
    expect(readAsked(json({ instructions: "Be brief", input: "Hi" }))[0]).toEqual({
      role: "system",
      text: "Be brief",
    });
  });

  it.each([
    ["OpenAI's", { choices: [{ message: { role: "assistant", content: "Hello" } }] }],
    ["Anthropic's", { role: "assistant", content: [{ type: "text", text: "Hello" }] }],
    ["Responses'", { output: [{ role: "assistant", content: [{ type: "output_text", text: "Hello" }] }] }],
    ["Google's", { candidates: [{ content: { role: "assistant", parts: [{ text: "Hello" }] } }] }],
  ])("is read from %s answer", (_, body) => {
    expect(readAnswered(json(body))).toEqual([{ role: "assistant", text: "Hello" }]);
  });

  it.each([
    ["OpenAI's", [{ choices: [{ delta: { content: "Hel" } }] }, { choices: [{ delta: { content: "lo" } }] }]],
    ["Anthropic's", [{ type: "content_block_delta", delta: { type: "text_delta", text: "Hello" } }]],
    ["Responses'", [{ type: "response.output_text.delta", delta: "Hello" }]],
  ])("is put together from %s stream, whatever stands between", (_, pieces) => {
    const body = `: ping\n\n${pieces.map((piece) => `event: x\ndata: ${json(piece)}\n\n`).join("")}data: [DONE]\n\n`;
    expect(readAnswered(body)).toEqual([{ role: "assistant", text: "Hello" }]);
  });

  it("shows which tools were called", () => {
    const message = {
      role: "assistant",
      content: null,
      tool_calls: [{ function: { name: "add", arguments: '{"a":1}' } }],
    };
    expect(readAsked(json({ messages: [message] }))).toEqual([{ role: "assistant", text: 'add({"a":1})' }]);
  });

  it.each([
    [
      "OpenAI's",
      [
        {
          choices: [{ delta: { tool_calls: [{ index: 0, function: { name: "add", arguments: '{"a"' } }] } }],
        },
        { choices: [{ delta: { tool_calls: [{ index: 0, function: { arguments: ":1}" } }] } }] },
      ],
    ],
    [
      "Anthropic's",
      [
        {
          type: "content_block_start",
          index: 0,
          content_block: { type: "tool_use", name: "add", input: {} },
        },
        {
          type: "content_block_delta",
          index: 0,
          delta: { type: "input_json_delta", partial_json: '{"a":1}' },
        },
      ],
    ],
    [
      "Responses'",
      [
        {
          type: "response.output_item.done",
          item: { type: "function_call", call_id: "c", name: "add", arguments: '{"a":1}' },
        },
      ],
    ],
    [
      "Google's",
      [{ candidates: [{ content: { parts: [{ functionCall: { name: "add", args: { a: 1 } } }] } }] }],
    ],
  ])("puts calls together from %s stream", (_, pieces) => {
    const body = pieces.map((piece) => `data: ${json(piece)}\n\n`).join("");
    expect(readAnswered(body)).toEqual([{ role: "assistant", text: 'add({"a":1})' }]);
  });

  it("is nothing where nothing can be read, such as of a body that was cut", () => {
    expect(readAsked('{"messages": [{"role"')).toEqual([]);
    expect(readAnswered("upstream broke")).toEqual([]);
  });

  it("is one text where it is compared, and the body itself where nothing is said", () => {
    expect(answerIn(json({ choices: [{ message: { role: "assistant", content: "Hello" } }] }))).toBe("Hello");
    expect(answerIn('{"data":[{"embedding":[0.5]}]}')).toContain('"embedding": [');
    expect(answerIn("upstream broke")).toBe("upstream broke");
  });
});
