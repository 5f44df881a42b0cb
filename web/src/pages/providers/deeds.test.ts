import { expect, it } from "vitest";
import { deedsOf } from "./deeds";

const values = (...asked: Parameters<typeof deedsOf>) => deedsOf(...asked).map(({ value }) => value);
const PAUSED = { at: "2026-11-30T12:00:00Z", by: "command line", reason: null };

it("offers to close a breaker only where one is open", () => {
  expect(values({ paused: null, breaker: "closed" })).toEqual(["pause"]);
  expect(values({ paused: null, breaker: "half_open" })).toEqual(["pause", "reset"]);
  expect(values({ paused: PAUSED, breaker: "open" })).toEqual(["resume", "reset"]);
});
