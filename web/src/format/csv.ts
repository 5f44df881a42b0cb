/** Rows as a spreadsheet reads them. Pure. */

const FORMULA = /^[=+\-@\t\r]/;

/** A line of names, and one for each row. What is no plain value stands as JSON; what a spreadsheet would take for a
 * formula is kept from being one. */
export function csv(rows: readonly object[]): string {
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const lines = rows.map((row) => {
    const values = new Map<string, unknown>(Object.entries(row));
    return names.map((name) => cell(values.get(name)));
  });
  return [names.map(cell), ...lines].map((line) => `${line.join(",")}\r\n`).join("");
}

function cell(value: unknown): string {
  if (value === null || value === undefined) return "";
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  const text = typeof value === "string" ? value : JSON.stringify(value);
  const harmless = FORMULA.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}
