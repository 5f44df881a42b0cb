/** Instants as people read them: in the reader's own time, with UTC for whoever looks closer. */

const CLOCK = new Intl.DateTimeFormat("en", {
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  hourCycle: "h23",
});
const DAY = new Intl.DateTimeFormat("en", { month: "short", day: "numeric" });
const DAY_AND_YEAR = new Intl.DateTimeFormat("en", { month: "short", day: "numeric", year: "numeric" });
const UTC_DAY = new Intl.DateTimeFormat("en", { month: "short", day: "numeric", timeZone: "UTC" });

/** "Nov 30, 19:44:26", with the year when it is not this one. */
export function instant(at: Date, now: Date): string {
  return `${day(at, now)}, ${CLOCK.format(at)}`;
}

/** "Nov 30" */
export function day(at: Date, now: Date): string {
  return (at.getFullYear() === now.getFullYear() ? DAY : DAY_AND_YEAR).format(at);
}

/** "19:44:26" */
export function clock(at: Date): string {
  return CLOCK.format(at);
}

/** Of a day such as "2026-11-30", which is UTC's: "Nov 30". */
export function utcDay(date: string): string {
  return UTC_DAY.format(new Date(`${date}T00:00:00Z`));
}

/** "2026-11-30 19:44:26 UTC" */
export function utc(at: Date): string {
  return `${at.toISOString().slice(0, 19).replace("T", " ")} UTC`;
}

/** "now", "4 min ago", "in 3 h", "12 days ago" */
export function distance(at: Date, now: Date): string {
  const seconds = (now.getTime() - at.getTime()) / 1000;
  const size = Math.abs(seconds);
  if (size < 45) return "now";
  const told = spanOf(size);
  return seconds > 0 ? `${told} ago` : `in ${told}`;
}

function spanOf(seconds: number): string {
  if (seconds < 90 * 60) return `${Math.max(1, Math.round(seconds / 60))} min`;
  if (seconds < 36 * 3600) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86_400)} days`;
}
