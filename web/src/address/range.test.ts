import { describe, expect, it } from "vitest";
import { carriedRange, lengthOf, readRange } from "./range";

const NOW = new Date("2026-11-30T19:44:26.400Z");
const read = (search: string) => readRange(new URLSearchParams(search), NOW);

describe("a span of time", () => {
  it("is the last seven days unless the address says another", () => {
    expect(read("")).toEqual({ span: "7d", from: new Date("2026-11-23T19:44:00Z"), to: null });
    expect(read("range=1h").from).toEqual(new Date("2026-11-30T18:44:00Z"));
  });

  it("may be said to the instant", () => {
    const range = read("from=2026-11-01T00:00:00Z&to=2026-11-02T00:00:00Z&range=1h");
    expect(range).toEqual({
      span: null,
      from: new Date("2026-11-01T00:00:00Z"),
      to: new Date("2026-11-02T00:00:00Z"),
    });
    expect(lengthOf(range, NOW)).toBe(86_400_000);
  });

  it("is not led astray by nonsense", () => {
    for (const search of ["range=toString", "range=9y", "from=yesterday", "from=2026-11-02&to=2026-11-01"]) {
      expect(read(search).span).toBe("7d");
    }
  });

  it("stays the same question for a minute", () => {
    expect(readRange(new URLSearchParams(), new Date("2026-11-30T19:44:59Z")).from).toEqual(read("").from);
  });

  it("is all that is carried to another page", () => {
    expect(carriedRange(new URLSearchParams("range=1h&model=x&from=y")).toString()).toBe("range=1h&from=y");
  });
});
