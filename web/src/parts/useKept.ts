import { useState } from "react";

/** A taste of the reader's, kept in this browser: columns, for one. Nothing that says what was asked or by whom. */
export function useKept(
  name: string,
  first: readonly string[],
): [ReadonlySet<string>, (values: ReadonlySet<string>) => void] {
  const [kept, keep] = useState(() => read(`tollhouse.${name}`) ?? new Set(first));
  const change = (values: ReadonlySet<string>) => {
    localStorage.setItem(`tollhouse.${name}`, [...values].join(" "));
    keep(values);
  };
  return [kept, change];
}

function read(name: string): ReadonlySet<string> | null {
  const text = localStorage.getItem(name);
  return text === null ? null : new Set(text.split(" ").filter(Boolean));
}
