/** Ids sort by the time they were made, so a moment has a place among them: before all ids that were made at it. */

const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";
const TIME_LETTERS = 11;

/** The place of a moment among ids, as `after` and `before` of a list take it. The letters count steps of 256 ns. */
export function placeOf(prefix: string, at: Date): string {
  let step = (BigInt(at.getTime()) * 1_000_000n) >> 8n;
  let letters = "";
  for (let place = 0; place < TIME_LETTERS; place += 1) {
    letters = ALPHABET[Number(step & 31n)] + letters;
    step >>= 5n;
  }
  return `${prefix}_${letters}`;
}

/** When an id was made, or what is a place among ids lies. */
export function momentOf(id: string): Date {
  const letters = [...id.slice(id.indexOf("_") + 1)].slice(0, TIME_LETTERS);
  const step = letters.reduce((so_far, letter) => (so_far << 5n) | BigInt(ALPHABET.indexOf(letter)), 0n);
  return new Date(Number((step << 8n) / 1_000_000n));
}

/** "req_…9f6eq5": enough to tell ids apart where there is little room. */
export function shortId(id: string): string {
  const at = id.indexOf("_");
  return at < 0 || id.length < 16 ? id : `${id.slice(0, at + 1)}…${id.slice(-6)}`;
}
