/** Where the palette may lead: pages by their names, and things by their ids. Pure. */

import type { Page } from "@/pages/page";
import { pathOf } from "@/pages/page";

export interface Target {
  id: string;
  label: string;
  group: string;
  to: string;
}

const BY_ID: Readonly<Record<string, { what: string; path: string }>> = {
  req: { what: "request", path: "/requests" },
  conv: { what: "conversation", path: "/conversations" },
  run: { what: "job", path: "/jobs" },
};

export function targets(typed: string, pages: readonly Page[]): Target[] {
  const wanted = typed.trim();
  const byId = idTarget(wanted);
  const words = wanted.toLowerCase();
  const named = pages
    .filter((page) => page.title.toLowerCase().includes(words))
    .map((page) => ({ id: page.title, label: page.title, group: page.group, to: pathOf(page) }));
  return byId === null ? named : [byId, ...named];
}

function idTarget(text: string): Target | null {
  const found = /^([a-z]+)_[0-9a-z]+$/.exec(text);
  const kind = found === null ? undefined : BY_ID[found[1] ?? ""];
  if (kind === undefined) return null;
  return { id: text, label: `Open ${kind.what} ${text}`, group: "", to: `${kind.path}/${text}` };
}
