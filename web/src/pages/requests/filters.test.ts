import { describe, expect, it } from "vitest";
import { OWN_FILTERS, parseFilters, readFilters, writeFilters } from "./filters";

describe("filters of the request log", () => {
  it("are read from the address, and others there are left alone", () => {
    const search = new URLSearchParams("range=1h&outcome=succeeded&user=&model=a/b");
    expect(readFilters(search)).toEqual({ outcome: "succeeded", model: "a/b" });
    expect(readFilters(new URLSearchParams("user=ada&run=run_1"), OWN_FILTERS)).toEqual({ run: "run_1" });
  });

  it("are typed as they are written", () => {
    const filters = { user: 'Ada "the first" L.', model: "openai/gpt-4.1" };
    expect(parseFilters(writeFilters(filters))).toEqual({ filters, complaint: null });
    expect(parseFilters("failed:true tag:nightly token:tok_1").filters).toEqual({
      failed: "true",
      tag: "nightly",
      token: "tok_1",
    });
    expect(parseFilters("  ")).toEqual({ filters: {}, complaint: null });
  });

  it("say what is wrong with what was typed", () => {
    expect(parseFilters("modle:x").complaint).toContain("no filter “modle:”");
    expect(parseFilters("timeout").complaint).toContain("Write one of user: model:");
    expect(parseFilters("user:ada", OWN_FILTERS).complaint).toContain("no filter “user:”");
  });
});
