import { useMemo } from "react";
import { type Range, readRange } from "./range";
import { useAddress } from "./useAddress";

/** The span of time that the address asks for. It begins where it began when it was asked for, so that what is shown
 * holds still while one reads. */
export function useRange(): Range {
  const { search } = useAddress();
  return useMemo(() => readRange(search, new Date()), [search]);
}
