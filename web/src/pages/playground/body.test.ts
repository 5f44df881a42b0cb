import { describe, expect, it } from "vitest";
import { areSettings, bodyOf, complaintAboutSchema, complaintAboutTools, isSetting, NO_BRIEF } from "./body";
import { DEMO } from "./panes";

const LINES = [{ role: "user", content: "Hello" }];

describe("what is sent", () => {
  it("says nothing of what nobody set", () => {
    expect(bodyOf(DEMO, NO_BRIEF, LINES)).toEqual({
      model: "demo/echo",
      messages: LINES,
      stream: true,
      stream_options: { include_usage: true },
    });
  });

  it("puts the system's words first, and numbers as numbers, nought too", () => {
    const pane = { model: "a/b", temperature: "0", topP: "0.9", maxTokens: "64" };
    expect(bodyOf(pane, { ...NO_BRIEF, system: " Be brief. " }, LINES)).toMatchObject({
      messages: [{ role: "system", content: "Be brief." }, ...LINES],
      temperature: 0,
      top_p: 0.9,
      max_completion_tokens: 64,
    });
  });

  it("holds tools and a schema once they are right", () => {
    const tools = [{ type: "function", function: { name: "add" } }];
    const brief = { system: "", tools: JSON.stringify(tools), schema: '{"type": "object"}' };
    expect(bodyOf(DEMO, brief, LINES)).toMatchObject({
      tools,
      response_format: { type: "json_schema", json_schema: { schema: { type: "object" } } },
    });
    expect(bodyOf(DEMO, { ...brief, tools: "[{", schema: "[]" }, LINES)).not.toHaveProperty("tools");
  });

  it("has a picture as a picture, a document as a document, and text as text", () => {
    const url = (type: string) => `data:${type};base64,${btoa("words")}`;
    const files = ["image/png", "application/pdf", "text/csv"].map((type) => ({
      name: "x",
      type,
      url: url(type),
    }));
    expect(bodyOf(DEMO, NO_BRIEF, [{ role: "user", content: "Read", files }])).toMatchObject({
      messages: [
        {
          role: "user",
          content: [
            { type: "image_url", image_url: { url: url("image/png") } },
            { type: "file", file: { filename: "x", file_data: url("application/pdf") } },
            { type: "text", text: "x:\n\nwords" },
            { type: "text", text: "Read" },
          ],
        },
      ],
    });
  });

  it("answers calls by their ids", () => {
    const calls = [{ id: "call_1", name: "add", arguments: "{}" }];
    const lines = [
      { role: "assistant", content: "", calls },
      { role: "tool", content: "3", call: "call_1" },
    ];
    expect(bodyOf(DEMO, NO_BRIEF, lines)).toMatchObject({
      messages: [
        {
          role: "assistant",
          content: null,
          tool_calls: [{ id: "call_1", type: "function", function: { name: "add", arguments: "{}" } }],
        },
        { role: "tool", tool_call_id: "call_1", content: "3" },
      ],
    });
  });
});

it("knows a number from a word", () => {
  expect(["", " ", "0.7", "1e2"].every(isSetting)).toBe(true);
  expect(["warm", "1,5", "0.7.1"].some(isSetting)).toBe(false);
  expect(areSettings({ ...DEMO, topP: "much" })).toBe(false);
});

it("says what is wrong with JSON", () => {
  expect(complaintAboutTools("")).toBeNull();
  expect(complaintAboutTools("{}")).toContain("list");
  expect(complaintAboutSchema("[]")).toContain("object");
  expect(complaintAboutSchema("{")).toContain("No JSON");
});
