import type { UseQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { Failure } from "./Failure";
import { Waiting } from "./Waiting";

interface Props<T> {
  of: UseQueryResult<T, Error>;
  /** Holds the place meanwhile. */
  waiting?: ReactNode;
  children: (data: T) => ReactNode;
}

/** What a query brought; until then its place, and if it failed, why. What is there stays while it is asked anew. */
export function Loaded<T>({ of: query, waiting, children }: Props<T>) {
  if (query.data !== undefined) return children(query.data);
  if (query.error !== null) return <Failure error={query.error} retry={() => void query.refetch()} />;
  return waiting ?? <Waiting />;
}
