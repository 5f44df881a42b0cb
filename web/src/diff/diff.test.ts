import { describe, expect, it } from "vitest";
import { piecesOf, wordsIn } from "./diff";

const sideOf = (kind: "added" | "removed", before: string, after: string) =>
  piecesOf(before, after)
    .filter((piece) => piece.kind === kind || piece.kind === "same")
    .map((piece) => piece.text)
    .join("");

describe("what two texts have in common", () => {
  it("is all of it where they are the same, and nothing of nothing", () => {
    expect(piecesOf("One two", "One two")).toEqual([{ kind: "same", text: "One two" }]);
    expect(piecesOf("", "")).toEqual([]);
  });

  it("is told word by word", () => {
    const pieces = piecesOf("A toll bridge is old.", "A toll gate is very old.");
    expect(wordsIn(pieces, "removed")).toBe(1);
    expect(wordsIn(pieces, "added")).toBe(2);
    expect(pieces).toContainEqual({ kind: "removed", text: "bridge" });
    expect(pieces).toContainEqual({ kind: "added", text: "gate" });
  });

  it("has words in place of words, and not one by one", () => {
    expect(piecesOf("old toll bridge here", "new stone gate here")).toEqual([
      { kind: "removed", text: "old toll bridge" },
      { kind: "added", text: "new stone gate" },
      { kind: "same", text: " here" },
    ]);
  });

  it.each([
    ["one\n\n  two ", "one two\n\nthree"],
    ["", "something"],
    ["something", ""],
    ["naïve 語 \u{1f600}", "naive 言語 \u{1f600}\u{1f600}"],
  ])("leaves both whole: %j, %j", (before, after) => {
    expect(sideOf("removed", before, after)).toBe(before);
    expect(sideOf("added", before, after)).toBe(after);
  });

  it("stays quick where nothing is alike", () => {
    const long = (word: string) => Array.from({ length: 20_000 }, (_, at) => `${word}${at}`).join(" ");
    const began = performance.now();
    expect(sideOf("added", long("a"), long("b"))).toBe(long("b"));
    expect(performance.now() - began).toBeLessThan(5_000);
  });
});
