import { expect, it } from "vitest";
import { indented, isRecord, readJson } from "./json";

it("reads what is JSON, null too, and nothing else", () => {
  expect(readJson("null")).toBeNull();
  expect(readJson('{"a')).toBeUndefined();
});

it("knows an object from a list and from nothing", () => {
  expect(isRecord({})).toBe(true);
  expect([null, undefined, [], "x"].some(isRecord)).toBe(false);
});

it("indents JSON, and leaves alone what is none", () => {
  expect(indented('{"a":1}')).toBe('{\n  "a": 1\n}');
  expect(indented("data: {}")).toBe("data: {}");
});
