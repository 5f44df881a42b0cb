/** A setting's value as one reads and writes it. What it may be, the gateway judges. Pure. */

import type { SettingView } from "@/api/schema";

export type Value = string | number | boolean | null | string[];

/** Lists stand one to a line, and what is not set is `none`. */
export function writeValue(value: unknown): string {
  if (value === null || value === undefined) return "none";
  if (Array.isArray(value)) return value.map(String).join("\n");
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** Of what kind it is, as far as its value or what it is without one shows. */
export function kindOf({
  value,
  default: first,
}: Pick<SettingView, "value" | "default">): "switch" | "list" | "text" {
  const shown = value ?? first;
  if (typeof shown === "boolean") return "switch";
  return Array.isArray(shown) ? "list" : "text";
}

export function readValue(text: string, setting: Pick<SettingView, "value" | "default">): Value {
  const kind = kindOf(setting);
  const said = text.trim();
  if (kind === "list")
    return said === "" || said === "none"
      ? []
      : said
          .split("\n")
          .map((line) => line.trim())
          .filter(Boolean);
  if (said === "none" || said === "") return null;
  if (kind === "switch") return said === "true";
  return isNumber(said, setting) ? Number(said) : said;
}

/** A name that happens to be digits stays text where text stands now. */
function isNumber(said: string, { value, default: first }: Pick<SettingView, "value" | "default">): boolean {
  return typeof (value ?? first) !== "string" && /^-?\d+(\.\d+)?$/.test(said);
}
