import { expect, it } from "vitest";
import type { JobView } from "@/api/schema";
import { canBeRetried, errorCounts, errorOf, isUnderWay, STATUSES } from "./jobStatus";

const failed = (error: object | null) => ({ error: error as JobView["error"] });

it("offers to retry or to cancel, never both, and neither of what succeeded", () => {
  const offered = STATUSES.map((status) => [status, canBeRetried(status), isUnderWay(status)]);
  expect(offered).toEqual([
    ["queued", false, true],
    ["running", false, true],
    ["retrying", false, true],
    ["succeeded", false, false],
    ["failed", true, false],
    ["cancelled", true, false],
  ]);
});

it("counts errors by their code, the most frequent first", () => {
  const jobs = [failed({ code: "a" }), failed({ code: "b" }), failed(null), failed({ code: "b" })];
  expect(errorCounts(jobs)).toEqual([
    { code: "b", count: 2 },
    { code: "a", count: 1 },
  ]);
});

it("reads an error that says less than usual", () => {
  expect(errorOf(failed({}))).toEqual({ code: "unknown", message: "" });
});
