/** What a budget does when it is used up. */

export const MODES = [
  { value: "strict", label: "Strict: never overspent" },
  { value: "estimate", label: "Estimate: refuses when used up, may end a little over" },
  { value: "warn", label: "Warn: never refuses" },
] as const;

export type Mode = (typeof MODES)[number]["value"];

export const WINDOWS = [
  { value: "day", label: "A day" },
  { value: "month", label: "A month" },
  { value: "total", label: "In all" },
] as const;

export type Window = (typeof WINDOWS)[number]["value"];
