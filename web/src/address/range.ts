/** The span of time that a page is about, as it stands in the address: `?range=7d`, or `?from=…&to=…`. */

export const SPANS = {
  "1h": { label: "Last hour", hours: 1 },
  "24h": { label: "Last 24 hours", hours: 24 },
  "7d": { label: "Last 7 days", hours: 7 * 24 },
  "30d": { label: "Last 30 days", hours: 30 * 24 },
  "90d": { label: "Last 90 days", hours: 90 * 24 },
} as const;

export type Span = keyof typeof SPANS;

export const DEFAULT_SPAN: Span = "7d";

/** `to` is null while the span reaches up to now. */
export interface Range {
  span: Span | null;
  from: Date;
  to: Date | null;
}

export const RANGE_NAMES = ["range", "from", "to"] as const;

/** What the address says; without anything sensible, the last seven days. `now` is cut to the minute, so that the same question is asked again and not a new one each time. */
export function readRange(search: URLSearchParams, now: Date): Range {
  const from = instantOf(search.get("from"));
  const to = instantOf(search.get("to"));
  if (from !== null && (to === null || from < to)) return { span: null, from, to };
  const said = search.get("range");
  const span = said !== null && Object.hasOwn(SPANS, said) ? (said as Span) : DEFAULT_SPAN;
  return { span, from: new Date(minute(now) - SPANS[span].hours * 3_600_000), to: null };
}

/** How long it is. */
export function lengthOf(range: Range, now: Date): number {
  return (range.to?.getTime() ?? minute(now)) - range.from.getTime();
}

/** The part of the address that says a range, to be carried from page to page. */
export function carriedRange(search: URLSearchParams): URLSearchParams {
  const carried = new URLSearchParams();
  for (const name of RANGE_NAMES) {
    const value = search.get(name);
    if (value !== null) carried.set(name, value);
  }
  return carried;
}

function minute(now: Date): number {
  return Math.floor(now.getTime() / 60_000) * 60_000;
}

function instantOf(text: string | null): Date | null {
  if (text === null) return null;
  const at = new Date(text);
  return Number.isNaN(at.getTime()) ? null : at;
}
