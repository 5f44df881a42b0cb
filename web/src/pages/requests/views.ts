/** Views of the request log: filters and columns under a name, as they are kept. Pure. */

import { ALL_FILTERS, type Filters } from "./filters";

export interface View {
  name: string;
  filters: Filters;
  /** Null leaves those that are shown. */
  columns: readonly string[] | null;
}

/** What everybody has. */
export const GIVEN: readonly View[] = [
  { name: "Everything", filters: {}, columns: null },
  { name: "Failed", filters: { failed: "true" }, columns: null },
  { name: "Without a price", filters: { cost_status: "unpriced" }, columns: null },
];

/** With one more, or another one in the place of that name. */
export function withView(views: readonly View[], view: View): View[] {
  return [...withoutView(views, view.name), view].sort((a, b) => a.name.localeCompare(b.name));
}

export function withoutView(views: readonly View[], name: string): View[] {
  return views.filter((one) => one.name !== name);
}

export function writeViews(views: readonly View[]): string {
  return JSON.stringify(views);
}

/** Those that are kept. Storage is anybody's: what is no view there is left out. */
export function readViews(text: string | null): View[] {
  const kept: unknown = text === null ? [] : parsed(text);
  return Array.isArray(kept) ? kept.flatMap(viewOf) : [];
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Cut off, or written by something else: as if there were none.
    return [];
  }
}

function viewOf(kept: unknown): View[] {
  if (!isObject(kept) || typeof kept.name !== "string" || !isObject(kept.filters)) return [];
  const said = kept.filters;
  const filters = ALL_FILTERS.flatMap((name) => {
    const value = said[name];
    return typeof value === "string" ? [[name, value] as const] : [];
  });
  const columns = Array.isArray(kept.columns) ? kept.columns.filter((one) => typeof one === "string") : null;
  return [{ name: kept.name, filters: Object.fromEntries(filters), columns }];
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}
