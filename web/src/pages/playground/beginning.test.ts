import { describe, expect, it } from "vitest";
import { beginningOf } from "./beginning";
import { bodyOf } from "./body";

const json = JSON.stringify;
const CALL = { id: "call_1", type: "function", function: { name: "add", arguments: '{"a":1}' } };
const ASKED = {
  model: "acme/acme-1",
  temperature: 0,
  max_tokens: 64,
  tools: [{ type: "function", function: { name: "add" } }],
  response_format: { type: "json_schema", json_schema: { name: "answer", schema: { type: "object" } } },
  messages: [
    { role: "system", content: "Be brief." },
    { role: "user", content: "Add" },
    { role: "assistant", content: null, tool_calls: [CALL] },
    { role: "tool", tool_call_id: "call_1", content: "3" },
    {
      role: "user",
      content: [
        { type: "image_url", image_url: { url: "data:image/png;base64,AAAA" } },
        { type: "text", text: "And this?" },
      ],
    },
  ],
};

function logged(request: object | string, surface = "chat.completions") {
  const payload = {
    request: typeof request === "string" ? request : json(request),
    response: json({ choices: [{ message: { role: "assistant", content: "Three" } }] }),
  };
  return beginningOf({ surface, asked_model: "acme/acme-1", payload });
}

describe("a talk that goes on from a logged request", () => {
  it("asks the same again when it is sent as it is", () => {
    const { pane, brief, lines, typed, files } = logged(ASKED);
    const again = bodyOf(pane, brief, [...lines, { role: "user", content: typed, files }]);
    expect(again).toMatchObject({
      model: ASKED.model,
      messages: ASKED.messages,
      temperature: 0,
      max_completion_tokens: 64,
      tools: ASKED.tools,
    });
    expect(again).toHaveProperty("response_format.json_schema.schema", { type: "object" });
  });

  it("knows what was answered", () => {
    expect(logged(ASKED).logged).toBe("Three");
  });

  it("takes words and numbers of other dialects", () => {
    const google = { contents: [{ role: "user", parts: [{ text: "Hi" }] }], generationConfig: { topP: 0.5 } };
    expect(logged(google, "generate_content")).toMatchObject({
      typed: "Hi",
      pane: { topP: "0.5" },
      lines: [],
    });
    expect(logged({ input: "Hi", max_output_tokens: 9 }, "responses")).toMatchObject({
      typed: "Hi",
      pane: { maxTokens: "9" },
    });
  });

  it("is only the model where nothing was kept, or only a part", () => {
    expect(logged('{"messages": [{"role')).toMatchObject({ isKept: false, pane: { model: "acme/acme-1" } });
    expect(beginningOf({ surface: "messages", asked_model: null })).toMatchObject({
      isKept: false,
      logged: null,
    });
  });
});
