import { expect, it } from "vitest";
import { bodyOf, isSetting, PLAIN } from "./body";

const LINES = [{ role: "user", content: "Hello" }];

it("says nothing of what nobody set", () => {
  expect(bodyOf("demo/echo", PLAIN, LINES)).toEqual({
    model: "demo/echo",
    messages: LINES,
    stream: true,
    stream_options: { include_usage: true },
  });
});

it("puts the system's words first, and numbers as numbers, nought too", () => {
  const settings = { system: " Be brief. ", temperature: "0", topP: "0.9", maxTokens: "64" };
  expect(bodyOf("demo/echo", settings, LINES)).toMatchObject({
    messages: [{ role: "system", content: "Be brief." }, ...LINES],
    temperature: 0,
    top_p: 0.9,
    max_completion_tokens: 64,
  });
});

it("knows a number from a word", () => {
  expect(["", " ", "0.7", "1e2"].every(isSetting)).toBe(true);
  expect(["warm", "1,5", "0.7.1"].some(isSetting)).toBe(false);
});
