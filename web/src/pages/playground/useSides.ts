import { useEffect } from "react";
import { useAddress } from "@/address/useAddress";
import type { Line } from "./line";
import { MOST_PANES, type Pane, readPanes, writtenPanes } from "./panes";
import { type Talk, useTalks } from "./useTalks";

/** A model, and the talk with it. */
export interface Side {
  place: number;
  pane: Pane;
  talk: Talk;
}

/** Those who stand side by side, as the address has them. */
export function useSides(first: readonly Line[]) {
  const { search, change } = useAddress();
  const panes = readPanes(search);
  const talks = useTalks(first);
  // Whom the address no longer names, after a step back in time for one, is not listened to: it would go on costing.
  useEffect(() => {
    for (const talk of talks.slice(panes.length)) talk.stop();
  });
  const sides: readonly Side[] = talks.flatMap((talk, place) => {
    const pane = panes[place];
    return pane === undefined ? [] : { place, pane, talk };
  });
  const put = (changed: readonly Pane[]) => change(writtenPanes(changed));
  return {
    sides,
    set: (place: number, pane: Pane) => put(panes.with(place, pane)),
    /** Null while there is no room for one more: who comes begins where the first one is. */
    add:
      panes.length === MOST_PANES
        ? null
        : () => {
            talks[panes.length]?.take(talks[0]?.exchanges ?? []);
            put([...panes, ...panes.slice(0, 1)]);
          },
    /** Those to the right of it move up, each with its talk. */
    remove: (place: number) => {
      for (const { place: from, talk } of sides.slice(place + 1)) talks[from - 1]?.take(talk.exchanges);
      put(panes.filter((_, at) => at !== place));
    },
  };
}
