/** What a token may do, by the scopes that the gateway knows. */

import type { NewToken } from "@/api/schema";

export type Scope = NonNullable<NewToken["scopes"]>[number];

export const SCOPES: readonly { value: Scope; label: string }[] = [
  { value: "inference", label: "Call models" },
  { value: "conversations:read", label: "Read own conversations" },
  { value: "conversations:write", label: "Write own conversations" },
  { value: "jobs", label: "Have jobs in the background" },
  { value: "credentials:write", label: "Keep own provider keys" },
  { value: "usage:read", label: "Read own requests and spend" },
  { value: "admin:*", label: "Manage everything" },
];

/** What a token may do that nobody said anything about: all but manage. */
export const USUAL: ReadonlySet<string> = new Set(
  SCOPES.map((scope) => scope.value).filter((scope) => scope !== "admin:*"),
);

/** Most tokens have the usual scopes; of others each is named. */
export function scopesTold(scopes: readonly string[]): string {
  const isUsual = scopes.length === USUAL.size && scopes.every((scope) => USUAL.has(scope));
  return isUsual ? "the usual" : scopes.join(", ");
}
