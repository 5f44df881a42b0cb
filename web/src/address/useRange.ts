import { useMemo } from "react";
import { type Range, readRange } from "./range";
import { useAddress } from "./useAddress";
import { useNow } from "./useNow";

/** The span of time that the address asks for. */
export function useRange(): Range {
  const { search } = useAddress();
  const now = useNow(60_000);
  return useMemo(() => readRange(search, now), [search, now]);
}
