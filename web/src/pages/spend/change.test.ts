import { expect, it } from "vitest";
import { changeOf } from "./change";

it.each([
  [0n, 0n, null],
  [5n, 0n, "new"],
  [0n, 5n, "−100 %"],
  [15n, 10n, "+50 %"],
  [10n, 10n, "± 0 %"],
  [14_000n, 10n, "× 1,400"],
])("compares %s with %s before", (now, before, told) => {
  expect(changeOf(now, before)).toBe(told);
});
