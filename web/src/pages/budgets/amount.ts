/** Amounts of a budget: dollars as decimal text, or a count of tokens or requests. Pure. */

import { type Nanodollars, nanodollars, usd } from "@/format/money";
import { count, counted } from "@/format/number";

export const UNITS = [
  { value: "usd", label: "Dollars" },
  { value: "tokens", label: "Tokens" },
  { value: "requests", label: "Requests" },
] as const;

export type Unit = (typeof UNITS)[number]["value"];
export type Amount = string | number;

/** "$4.20", "1,200 tokens", "1 request" */
export function amountTold(unit: string, amount: Amount): string {
  if (unit === "usd") return usd(String(amount));
  const size = Number(amount);
  return unit === "requests" ? counted(size, "request") : counted(size, "token");
}

/** The same without its unit, where that is said beside it. */
export function amountShort(unit: string, amount: Amount): string {
  return unit === "usd" ? usd(String(amount)) : count(Number(amount));
}

/** Of any unit, so that amounts of one budget can be compared exactly. */
export function sizeOf(amount: Amount): Nanodollars {
  return nanodollars(String(amount));
}

/** As it was typed; null is no amount that a budget can have. */
export function readAmount(unit: Unit, text: string): Amount | null {
  const digits = text
    .trim()
    .replace(/^\$/, "")
    .replaceAll(/[,_\s]/g, "");
  if (unit === "usd") return /^\d{1,9}(\.\d{1,9})?$/.test(digits) ? digits : null;
  const size = /^\d+$/.test(digits) ? Number(digits) : -1;
  return Number.isSafeInteger(size) && size >= 0 ? size : null;
}
