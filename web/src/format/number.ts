/** Counts, shares, spans and sizes as people read them. */

const GROUPED = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const SHORT = new Intl.NumberFormat("en", { notation: "compact", maximumSignificantDigits: 3 });

/** "12,480" */
export function count(value: number): string {
  return GROUPED.format(value);
}

/** "12.5K", where room is dear. */
export function shortCount(value: number): string {
  return SHORT.format(value);
}

/** "1 request", "12 requests". */
export function counted(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

/** Of a share from 0 to 1: "0.4 %", "12 %"; never "0 %" of what is there, nor "100 %" of what is not whole. */
export function percent(share: number): string {
  if (share === 0) return "0 %";
  const hundredths = share * 100;
  if (hundredths < 0.1) return "< 0.1 %";
  if (hundredths < 10) return `${hundredths.toFixed(1)} %`;
  if (share < 1 && hundredths >= 99.5) return "> 99 %";
  return `${hundredths.toFixed(0)} %`;
}

/** "0.5 ms", "131 ms", "1.34 s", "2 min 5 s". */
export function duration(milliseconds: number): string {
  if (milliseconds < 9.95) return `${milliseconds.toFixed(1)} ms`;
  if (milliseconds < 999.5) return `${milliseconds.toFixed(0)} ms`;
  if (milliseconds < 9_995) return `${(milliseconds / 1000).toFixed(2)} s`;
  if (milliseconds < 59_950) return `${(milliseconds / 1000).toFixed(1)} s`;
  const seconds = Math.round(milliseconds / 1000);
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`;
}

/** "640 B", "2.1 MB". */
export function bytes(size: number): string {
  if (size < 1000) return `${size} B`;
  const step = Math.min(3, Math.floor(Math.log10(size) / 3));
  return `${(size / 1000 ** step).toPrecision(3)} ${["B", "kB", "MB", "GB"][step]}`;
}
