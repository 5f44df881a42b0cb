/** What was spent, by day and by something else, and what a page makes of it. Pure, and whole nanodollars. */

import type { Shade } from "@/charts/bar";
import { type Nanodollars, sum } from "@/format/money";

export interface Cell {
  /** "2026-11-30", UTC's. */
  day: string;
  key: string;
  cost: Nanodollars;
  requests: number;
  unpriced: number;
}

export interface Group {
  key: string;
  shade: Shade;
  cost: Nanodollars;
  /** In as many days before. */
  before: Nanodollars;
  requests: number;
  unpriced: number;
}

const SHADES: readonly Shade[] = [1, 2, 3, 4, 5, 6];
const DAY_MS = 86_400_000;

/** The days of a span, in UTC: the day of `now`, and as many before it. */
export function daysBack(now: Date, length_ms: number): string[] {
  const length = Math.max(1, Math.round(length_ms / DAY_MS));
  return Array.from({ length }, (_, back) => dayOf(new Date(now.getTime() - (length - 1 - back) * DAY_MS)));
}

/** The same number of days again, right before. */
export function daysBefore(days: readonly string[]): string[] {
  const first = new Date(`${days[0]}T00:00:00Z`).getTime();
  return days.map((_, place) => dayOf(new Date(first - (days.length - place) * DAY_MS)));
}

/** Who cost how much, dearest first; the first six have shades of their own. */
export function groupsOf(cells: readonly Cell[], days: readonly string[]): Group[] {
  const [now, before] = [new Set(days), new Set(daysBefore(days))];
  const keys = [...new Set(cells.map((cell) => cell.key))];
  const groups = keys.map((key) => {
    const all = cells.filter((cell) => cell.key === key);
    const these = all.filter((cell) => now.has(cell.day));
    return {
      key,
      cost: sum(these.map((cell) => cell.cost)),
      before: sum(all.filter((cell) => before.has(cell.day)).map((cell) => cell.cost)),
      requests: total(these.map((cell) => cell.requests)),
      unpriced: total(these.map((cell) => cell.unpriced)),
    };
  });
  return groups
    .filter((group) => group.requests > 0)
    .sort((a, b) => Number(b.cost - a.cost) || b.requests - a.requests || a.key.localeCompare(b.key))
    .map((group, place) => ({ ...group, shade: SHADES[place] ?? "rest" }));
}

/** Of one day, what each shade comes to: those without one of their own are added up. */
export function partsOf(
  cells: readonly Cell[],
  groups: readonly Group[],
): { shade: Shade; cost: Nanodollars }[] {
  const shades = new Map(groups.map((group) => [group.key, group.shade]));
  const costs = new Map<Shade, Nanodollars>();
  for (const cell of cells) {
    const shade = shades.get(cell.key) ?? "rest";
    costs.set(shade, (costs.get(shade) ?? 0n) + cell.cost);
  }
  return [...SHADES, "rest" as const].flatMap((shade) => {
    const cost = costs.get(shade) ?? 0n;
    return cost === 0n ? [] : [{ shade, cost }];
  });
}

export function total(counts: readonly number[]): number {
  return counts.reduce((all, one) => all + one, 0);
}

function dayOf(at: Date): string {
  return at.toISOString().slice(0, 10);
}
