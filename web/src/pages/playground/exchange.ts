/** A turn of a talk, with what is known about how it came. Pure. */

import type { Told } from "./ask";
import type { Line } from "./line";

export interface Exchange extends Line {
  id: number;
  /** Of an answer: how it came about. */
  told?: Told;
  /** Of an answer that was refused, or broke off. */
  error?: Error;
  isStopped?: boolean;
}

/** What was said; an answer that never came is no part of it. */
export function saidOf(exchanges: readonly Exchange[]): Line[] {
  return exchanges
    .filter(({ content, files = [], calls = [] }) => content !== "" || files.length + calls.length > 0)
    .map(({ id: _, told, error, isStopped, ...line }) => line);
}

export function beforeOf(exchanges: readonly Exchange[], id: number): readonly Exchange[] {
  return exchanges.slice(
    0,
    exchanges.findIndex((one) => one.id === id),
  );
}
