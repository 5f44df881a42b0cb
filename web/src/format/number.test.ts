import { describe, expect, it } from "vitest";
import { bytes, count, counted, duration, percent, shortCount } from "./number";

describe("numbers", () => {
  it("groups counts", () => {
    expect(count(1234567)).toBe("1,234,567");
    expect(shortCount(12480)).toBe("12.5K");
    expect(counted(1, "request")).toBe("1 request");
    expect(counted(0, "entry", "entries")).toBe("0 entries");
  });

  it.each([
    [0, "0 %"],
    [0.0004, "< 0.1 %"],
    [0.0123, "1.2 %"],
    [0.5, "50 %"],
    [0.999, "> 99 %"],
    [1, "100 %"],
    [1.2, "120 %"],
  ])("never rounds a share of %s to nothing or to all", (share, told) => {
    expect(percent(share)).toBe(told);
  });

  it.each([
    [0.5, "0.5 ms"],
    [9.97, "10 ms"],
    [131.3, "131 ms"],
    [999.7, "1.00 s"],
    [1340, "1.34 s"],
    [9_999, "10.0 s"],
    [59_980, "1 min 0 s"],
    [125_000, "2 min 5 s"],
    [7_260_000, "2 h 1 min"],
  ])("says %s milliseconds as %s", (value, told) => {
    expect(duration(value)).toBe(told);
  });

  it("says sizes by thousands", () => {
    expect(bytes(640)).toBe("640 B");
    expect(bytes(2_100_000)).toBe("2.10 MB");
  });
});
