import { describe, expect, it } from "vitest";
import { exactUsd, nanodollars, shareOf, sum, usd } from "./money";

describe("money", () => {
  it.each([
    ["0", "$0.00"],
    ["0.000000001", "$0.000000001"],
    ["0.0001475", "$0.00015"],
    ["0.00999", "$0.01"],
    ["0.0996", "$0.10"],
    ["0.30348071", "$0.30"],
    ["0.999", "$1.00"],
    ["12.5", "$12.50"],
    ["1234567.891", "$1,234,567.89"],
    ["-0.25", "−$0.25"],
  ])("says %s as %s", (text, told) => {
    expect(usd(text)).toBe(told);
  });

  it("keeps every digit for whoever looks closer", () => {
    expect(exactUsd("0.0001475")).toBe("$0.0001475");
    expect(exactUsd("12")).toBe("$12.00");
  });

  it("adds beyond what a float can count", () => {
    expect(sum([nanodollars("9007199.254740993"), nanodollars("0.000000001")])).toBe(9007199254740994n);
  });

  it("refuses what is no amount", () => {
    for (const text of ["", "1e3", "1.", ".5", "0.0000000001", "NaN"])
      expect(() => nanodollars(text)).toThrow(SyntaxError);
  });

  it("has no share of nothing", () => {
    expect(shareOf(1n, 0n)).toBe(0);
    expect(shareOf(nanodollars("1"), nanodollars("3"))).toBeCloseTo(0.333333);
  });
});
