/** By what spend can be told apart. The request log can be narrowed by some of it, which leads to the rows behind. */

export const BY = {
  model: { label: "Model", isFilter: true },
  provider: { label: "Provider", isFilter: true },
  user: { label: "User", isFilter: true },
  token: { label: "Key", isFilter: false },
  tag: { label: "Tag", isFilter: false },
} as const;

export type By = keyof typeof BY;

export function readBy(search: URLSearchParams): By {
  const said = search.get("by");
  return said !== null && Object.hasOwn(BY, said) ? (said as By) : "model";
}
