/** What a bar of a chart is made of. */

export type Shade = 1 | 2 | 3 | 4 | 5 | 6 | "rest" | "good" | "bad";

export interface Part {
  shade: Shade;
  size: number;
}

export interface Bar {
  key: string;
  /** Below it. */
  label: string;
  /** All that it says, in words. */
  words: string;
  /** From the bottom up. */
  parts: readonly Part[];
  /** The rows behind it. */
  to: string;
}
