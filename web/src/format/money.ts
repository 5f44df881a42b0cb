/** Money as people read it. It arrives as decimal text and is counted in whole nanodollars: no float comes near it. */

export type Nanodollars = bigint;

const NANO = 1_000_000_000n;

/** Reads "0.0001475". Raises SyntaxError where it is no amount: the API never sends such. */
export function nanodollars(text: string): Nanodollars {
  const found = /^(-?)(\d+)(?:\.(\d{1,9}))?$/.exec(text);
  if (found === null) throw new SyntaxError(`not an amount of money: ${text}`);
  const [, sign, whole = "0", part = ""] = found;
  const amount = BigInt(whole) * NANO + BigInt(part.padEnd(9, "0"));
  return sign === "-" ? -amount : amount;
}

/** "$1,204.50", "$0.30", "$0.0015": cents, and of less than ten cents the first two digits that say something. */
export function usd(amount: string | Nanodollars): string {
  const exact = typeof amount === "string" ? nanodollars(amount) : amount;
  const size = exact < 0n ? -exact : exact;
  return said(exact, size === 0n ? 2 : decimalsFor(size));
}

/** The same with every digit, for whoever looks closer. */
export function exactUsd(amount: string | Nanodollars): string {
  return said(typeof amount === "string" ? nanodollars(amount) : amount, 9);
}

/** What part of the whole an amount is, from 0 to 1: for lengths on the screen, not for sums. */
export function shareOf(amount: Nanodollars, whole: Nanodollars): number {
  return whole === 0n ? 0 : Number((amount * 1_000_000n) / whole) / 1_000_000;
}

export function sum(amounts: Iterable<Nanodollars>): Nanodollars {
  let total = 0n;
  for (const amount of amounts) total += amount;
  return total;
}

function decimalsFor(size: Nanodollars): number {
  if (size >= NANO / 10n) return 2;
  return Math.min(9, 9 - size.toString().length + 2);
}

function said(exact: Nanodollars, decimals: number): string {
  const unit = 10n ** BigInt(9 - decimals);
  const size = exact < 0n ? -exact : exact;
  const rounded = ((size + unit / 2n) / unit) * unit;
  const whole = (rounded / NANO).toString().replace(/\B(?=(\d{3})+$)/g, ",");
  const digits = (rounded % NANO).toString().padStart(9, "0");
  const part = digits.slice(0, 2) + digits.slice(2, decimals).replace(/0+$/, "");
  return `${exact < 0n ? "−" : ""}$${whole}.${part}`;
}
