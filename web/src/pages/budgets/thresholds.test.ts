import { expect, it } from "vitest";
import { readThresholds, thresholdsTold } from "./thresholds";

it("reads what it wrote", () => {
  expect(readThresholds(thresholdsTold([0.5, 0.8, 1]))).toEqual([0.5, 0.8, 1]);
});

it("puts them in order, each once", () => {
  expect(readThresholds("100%, 50% 50%")).toEqual([0.5, 1]);
});

it("reads nothing as no alert, and refuses what is no percent", () => {
  expect(readThresholds("  ")).toEqual([]);
  for (const text of ["0", "half", "-5", "50, x"]) expect(readThresholds(text)).toBeNull();
});
