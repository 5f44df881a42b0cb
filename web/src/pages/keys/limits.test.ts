import { expect, it } from "vitest";
import { limitsTold, readLimit } from "./limits";

it("tells only the limits that there are", () => {
  const none = { requests_per_minute: null, tokens_per_minute: null, concurrent: null };
  expect(limitsTold(none)).toBe("none");
  expect(limitsTold({ ...none, tokens_per_minute: 100_000, concurrent: 4 })).toBe(
    "100,000 tokens/min, 4 at once",
  );
});

it("reads an emptied field as no limit, which is not the same as nought", () => {
  expect(readLimit(" ")).toBeNull();
  expect(readLimit("0")).toBeUndefined();
});

it("reads groups as they are shown, and nothing that is no count", () => {
  expect(readLimit("100,000")).toBe(100_000);
  for (const text of ["1.5", "-3", "many", "1e3", "99999999999999999999"])
    expect(readLimit(text)).toBeUndefined();
});
