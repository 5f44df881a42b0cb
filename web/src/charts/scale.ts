/** The end of an axis: the next round number at or above the most there is, so that lines stand at round numbers. Pure. */
export function roundEnd(most: number): number {
  if (most <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(most));
  const step = [1, 2, 4, 5, 10].find((one) => one * power >= most * (1 - 1e-9)) ?? 10;
  return step * power;
}

/** Which of many labels to write: the first, the last, and some between. */
export function isLabelled(place: number, length: number, most = 5): boolean {
  if (length <= most) return true;
  const step = Math.ceil(length / most);
  return (length - 1 - place) % step === 0;
}
