import { expect, it } from "vitest";
import { placeOf, shortId } from "./id";

it("puts a moment just before the ids that were made at it", () => {
  const id = "req_67cx8tpkk318p9z6f9eq55xwhv"; // made at 2026-11-30T19:44:26.543172Z
  expect(placeOf("req", new Date("2026-11-30T19:44:26.543Z")) < id).toBe(true);
  expect(placeOf("req", new Date("2026-11-30T19:44:26.544Z")) > id).toBe(true);
});

it("shortens ids by their middle, which says least", () => {
  expect(shortId("req_67cx8tpkk318p9z6f9eq55xwhv")).toBe("req_…55xwhv");
  expect(shortId("demo")).toBe("demo");
});
