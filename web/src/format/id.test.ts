import { expect, it } from "vitest";
import { momentOf, placeOf, shortId } from "./id";

it("puts a moment just before the ids that were made at it", () => {
  const id = "req_67cx8tpkk318p9z6f9eq55xwhv"; // made at 2026-11-30T19:44:26.543172Z
  expect(placeOf("req", new Date("2026-11-30T19:44:26.543Z")) < id).toBe(true);
  expect(placeOf("req", new Date("2026-11-30T19:44:26.544Z")) > id).toBe(true);
});

it("tells when an id was made", () => {
  expect(momentOf("req_67cx8tpkk318p9z6f9eq55xwhv").toISOString()).toBe("2026-11-30T19:44:26.543Z");
  const at = new Date("2026-11-30T12:00:00.250Z");
  expect(Math.abs(momentOf(placeOf("req", at)).getTime() - at.getTime())).toBeLessThanOrEqual(1);
});

it("shortens ids by their middle, which says least", () => {
  expect(shortId("req_67cx8tpkk318p9z6f9eq55xwhv")).toBe("req_…55xwhv");
  expect(shortId("demo")).toBe("demo");
});
