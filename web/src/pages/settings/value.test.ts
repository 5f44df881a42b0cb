import { describe, expect, it } from "vitest";
import { readValue, writeValue } from "./value";

const setting = (value: unknown, first: unknown = value) => ({ value, default: first });

describe("a setting's value", () => {
  it.each([
    ["90", setting(30), 90],
    ["0.5", setting(0.01), 0.5],
    ["none", setting(30), null],
    ["", setting(null), null],
    ["12", setting(null), 12],
    ["12", setting("openai/gpt"), "12"],
    ["openai/gpt-4.1", setting(null), "openai/gpt-4.1"],
    ["true", setting(false), true],
    ["false", setting(null, true), false],
    ["a\n\n b \n", setting([]), ["a", "b"]],
    ["none", setting(["a"]), []],
  ])("is read from %j", (text, of, value) => {
    expect(readValue(text, of)).toEqual(value);
  });

  it("is written as it would be read", () => {
    for (const value of [90, 0.5, true, null, "text", ["a", "b"]]) {
      expect(readValue(writeValue(value), setting(value))).toEqual(value);
    }
  });
});
