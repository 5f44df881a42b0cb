/** What the request log can be narrowed by, as it stands in the address and as one types it: `outcome:succeeded model:openai/gpt-4.1`. */

export const FILTERS = {
  user: "User",
  model: "Model",
  provider: "Provider",
  outcome: "Outcome",
  failed: "Failed",
  status: "Status",
  cost_status: "Cost",
  token: "Key",
  tag: "Tag",
  conversation: "Conversation",
  run: "Job",
} as const;

export type FilterName = keyof typeof FILTERS;
export type Filters = Readonly<Partial<Record<FilterName, string>>>;

export const ALL_FILTERS = Object.keys(FILTERS) as FilterName[];
/** Of one's own requests the user is known. */
export const OWN_FILTERS: readonly FilterName[] = ALL_FILTERS.filter((name) => name !== "user");

export function readFilters(search: URLSearchParams, names: readonly FilterName[] = ALL_FILTERS): Filters {
  const said = names.map((name) => [name, search.get(name)] as const);
  return Object.fromEntries(said.filter(([, value]) => value !== null && value !== ""));
}

/** As one would type them. */
export function writeFilters(filters: Filters): string {
  return Object.entries(filters)
    .map(([name, value]) => `${name}:${/[\s"]/.test(value) ? `"${value.replaceAll('"', '\\"')}"` : value}`)
    .join(" ");
}

export interface Typed {
  filters: Filters;
  /** What is wrong with what was typed, or null. */
  complaint: string | null;
}

/** Reads what was typed. A request's id is no filter: whoever types one wants that request. */
export function parseFilters(text: string, names: readonly FilterName[] = ALL_FILTERS): Typed {
  const filters: Partial<Record<FilterName, string>> = {};
  for (const [whole, name, quoted, plain] of text.matchAll(/(?:(\w+):)?(?:"((?:[^"\\]|\\.)*)"|(\S+))/g)) {
    const known = names.find((one) => one === name);
    if (known === undefined) return { filters, complaint: complaintAbout(whole, name, names) };
    filters[known] = quoted === undefined ? (plain ?? "") : quoted.replace(/\\(.)/g, "$1");
  }
  return { filters, complaint: null };
}

function complaintAbout(whole: string, name: string | undefined, names: readonly string[]): string {
  const known = names.map((one) => `${one}:`).join(" ");
  if (name === undefined) return `“${whole}” says not what it is. Write one of ${known}`;
  return `There is no filter “${name}:”. There are ${known}`;
}
