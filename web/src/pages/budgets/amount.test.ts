import { expect, it } from "vitest";
import { amountTold, readAmount, sizeOf } from "./amount";

it("tells an amount with its unit", () => {
  expect(amountTold("usd", "0.002")).toBe("$0.002");
  expect(amountTold("requests", 1)).toBe("1 request");
  expect(amountTold("tokens", 2_000_000)).toBe("2,000,000 tokens");
});

it("compares what no float could tell apart", () => {
  expect(sizeOf("900000000.000000001") > sizeOf("900000000")).toBe(true);
});

it("sends dollars on as they were typed, every digit", () => {
  expect(readAmount("usd", "$1,200.10")).toBe("1200.10");
  expect(readAmount("usd", "0.000000001")).toBe("0.000000001");
});

it("refuses what would be read as something else", () => {
  for (const text of ["", "-5", "1.2.3", "1e3", "0.0000000001", "ten"])
    expect(readAmount("usd", text)).toBeNull();
  for (const text of ["", "1.5", "-1", "99999999999999999999"]) expect(readAmount("tokens", text)).toBeNull();
});
