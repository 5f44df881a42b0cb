import { describe, expect, it } from "vitest";
import { readViews, type View, withoutView, withView, writeViews } from "./views";

const NIGHTLY: View = { name: "nightly", filters: { tag: "nightly", failed: "true" }, columns: ["cost"] };
const ADA: View = { name: "Ada", filters: { user: 'Ada "the first"' }, columns: null };

describe("views of the request log", () => {
  it("are kept as they were", () => {
    expect(readViews(writeViews([ADA, NIGHTLY]))).toEqual([ADA, NIGHTLY]);
    expect(readViews(null)).toEqual([]);
  });

  it("are told from whatever else stands there", () => {
    expect(readViews("{")).toEqual([]);
    expect(readViews('{"name": "x"}')).toEqual([]);
    expect(readViews('[1, null, {"name": "x"}, {"name": 1, "filters": {}}]')).toEqual([]);
    const strange =
      '[{"name": "x", "filters": {"tag": 1, "colour": "red", "model": "a/b"}, "columns": ["cost", 2]}]';
    expect(readViews(strange)).toEqual([{ name: "x", filters: { model: "a/b" }, columns: ["cost"] }]);
  });

  it("have one of each name, in its order", () => {
    const again = { ...NIGHTLY, columns: null };
    expect(withView([ADA, NIGHTLY], again)).toEqual([ADA, again]);
    expect(withView([NIGHTLY], ADA)).toEqual([ADA, NIGHTLY]);
    expect(withoutView([ADA, NIGHTLY], "Ada")).toEqual([NIGHTLY]);
  });
});
