/** JSON that somebody else wrote, of which nothing is known before one looks. Pure. */

export type Fields = Readonly<Record<string, unknown>>;

/** Undefined where it is none. */
export function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export function isRecord(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Indented, where it is JSON; else as it is. */
export function indented(text: string): string {
  const value = readJson(text);
  return value === undefined ? text : JSON.stringify(value, null, 2);
}
