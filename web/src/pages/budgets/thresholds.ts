/** At which parts of a budget an alert is raised, as percents that people type. Pure. */

/** "50, 80, 100" */
export function thresholdsTold(shares: readonly number[]): string {
  return shares.map((share) => String(Math.round(share * 10_000) / 100)).join(", ");
}

/** Null where something is no percent. Nothing at all is no alert. */
export function readThresholds(text: string): number[] | null {
  const words = text.split(/[\s,;%]+/).filter((word) => word !== "");
  const shares = words.map((word) => (/^\d+(\.\d+)?$/.test(word) ? Number(word) / 100 : Number.NaN));
  if (shares.some((share) => Number.isNaN(share) || share <= 0)) return null;
  return [...new Set(shares)].sort((a, b) => a - b);
}
