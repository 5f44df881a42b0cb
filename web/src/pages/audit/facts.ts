/** What is said of a deed, as names and texts. Pure. */

import { exactUsd } from "@/format/money";

export interface Said {
  name: string;
  /** What it was, where that is said. */
  before: string | null;
  text: string;
}

/** `before` and `after` are one fact, of which the subject is the name. */
export function readFacts(facts: Readonly<Record<string, unknown>>): Said[] {
  const { before, after, ...others } = facts;
  const changed = "after" in facts ? [{ name: "value", before: textOf(before), text: textOf(after) }] : [];
  const rest = Object.entries(others).filter(([, value]) => value !== null && value !== undefined);
  return [
    ...changed,
    ...rest.map(([name, value]) => ({
      name: wordsOf(name),
      before: null,
      text: factText(name, value, facts),
    })),
  ];
}

/** "credential.rotate" → "credential", "rotate" */
export function kindOf(deed: string): string {
  return deed.split(".")[0] ?? deed;
}

function factText(name: string, value: unknown, facts: Readonly<Record<string, unknown>>): string {
  const isMoney = name === "amount" && facts.unit === "usd" && typeof value === "number";
  return isMoney ? exactUsd(BigInt(value)) : textOf(value);
}

function textOf(value: unknown): string {
  if (value === null || value === undefined) return "none";
  if (typeof value === "string") return value;
  if (Array.isArray(value)) return value.map(textOf).join(", ");
  return JSON.stringify(value);
}

function wordsOf(name: string): string {
  return name.replaceAll("_", " ");
}
