import { useCallback, useMemo } from "react";
import { useSearch } from "wouter";
import { navigate } from "wouter/use-browser-location";

/** What stands behind the `?`: the only place where filters live, so that an address can be sent to somebody else. */
export interface Address {
  search: URLSearchParams;
  /** Changes some of it, null takes out. A change of filters is no new page, unless `push` is said. */
  change: (values: Readonly<Record<string, string | null>>, how?: { push: boolean }) => void;
}

export function useAddress(): Address {
  const text = useSearch();
  const search = useMemo(() => new URLSearchParams(text), [text]);
  const change = useCallback<Address["change"]>(
    (values, how) => {
      const next = changed(new URLSearchParams(text), values).toString();
      const path = window.location.pathname;
      // Past the router, which would add what is taken out of it.
      navigate(next === "" ? path : `${path}?${next}`, { replace: how?.push !== true });
    },
    [text],
  );
  return { search, change };
}

function changed(search: URLSearchParams, values: Readonly<Record<string, string | null>>): URLSearchParams {
  for (const [name, value] of Object.entries(values)) {
    if (value === null || value === "") search.delete(name);
    else search.set(name, value);
  }
  return search;
}
