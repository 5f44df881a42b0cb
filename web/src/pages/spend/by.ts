/** By what spend can be told apart. The request log can be narrowed by each of it, which leads to the rows behind. */

export const BY = {
  model: { label: "Model" },
  provider: { label: "Provider" },
  user: { label: "User" },
  token: { label: "Key" },
  tag: { label: "Tag" },
} as const;

export type By = keyof typeof BY;

export function readBy(search: URLSearchParams): By {
  const said = search.get("by");
  return said !== null && Object.hasOwn(BY, said) ? (said as By) : "model";
}
