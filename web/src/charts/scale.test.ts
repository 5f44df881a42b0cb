import { expect, it } from "vitest";
import { isLabelled, roundEnd } from "./scale";

it.each([
  [0, 1],
  [0.3, 0.4],
  [0.1 + 0.2 - 0.1, 0.2],
  [7, 10],
  [10, 10],
  [41, 50],
  [390, 400],
])("ends an axis for %s at %s", (most, end) => {
  expect(roundEnd(most)).toBeCloseTo(end);
});

it("labels the last of many, and no more than there is room for", () => {
  const labelled = (length: number) => Array.from({ length }, (_, place) => isLabelled(place, length));
  expect(labelled(5).every(Boolean)).toBe(true);
  expect(labelled(90).at(-1)).toBe(true);
  expect(labelled(90).filter(Boolean).length).toBeLessThanOrEqual(5);
});
