/** The columns of the request log, in their order. */

import type { RequestView } from "@/api/schema";
import { count, duration } from "@/format/number";
import { Button } from "@/parts/Button";
import { Instant } from "@/parts/Instant";
import { Money } from "@/parts/Money";
import type { Column } from "@/parts/Table";
import { RequestStatus } from "./RequestStatus";
import { ServedModel } from "./ServedModel";

export type RequestColumn = Column<RequestView>;

const FIXED: readonly RequestColumn[] = [
  { name: "time", head: "Time", cell: (row) => <Instant at={row.created_at} /> },
  { name: "status", head: "Status", cell: (row) => <RequestStatus request={row} /> },
  { name: "model", head: "Model", cell: (row) => <ServedModel request={row} /> },
];

const CHOSEN: readonly RequestColumn[] = [
  {
    name: "in",
    head: "Tokens in",
    isNumber: true,
    isExtra: true,
    cell: (row) => row.usage && count(row.usage.input_tokens),
  },
  {
    name: "out",
    head: "out",
    isNumber: true,
    isExtra: true,
    cell: (row) => row.usage && count(row.usage.output_tokens),
  },
  { name: "cost", head: "Cost", isNumber: true, cell: costOf },
  { name: "latency", head: "Latency", isNumber: true, cell: (row) => duration(row.response_time_ms) },
  {
    name: "first",
    head: "First token",
    isNumber: true,
    isExtra: true,
    cell: (row) => (row.time_to_first_token_ms === null ? null : duration(row.time_to_first_token_ms)),
  },
  { name: "attempts", head: "Attempts", isNumber: true, isExtra: true, cell: (row) => row.attempts.length },
];

const OPTIONAL: readonly RequestColumn[] = [
  { name: "cache", head: "Cache", cell: (row) => row.cache },
  { name: "surface", head: "Surface", cell: (row) => row.surface },
  { name: "tag", head: "Tag", cell: (row) => row.tag },
  { name: "ip", head: "Address", cell: (row) => row.ip },
  { name: "agent", head: "Client", cell: (row) => row.user_agent },
];

/** What a reader may show or hide. */
export const CHOICES: readonly RequestColumn[] = [...CHOSEN, ...OPTIONAL];
export const SHOWN_AT_FIRST: readonly string[] = CHOSEN.map((column) => column.name);

/** Those of `shown`, with who asked where that is not always the same one. */
export function columnsOf(
  shown: ReadonlySet<string>,
  nameOf: ((user: string) => string) | null,
  peek: (id: string) => void,
): RequestColumn[] {
  const user: RequestColumn[] =
    nameOf === null ? [] : [{ name: "user", head: "User", cell: (row) => nameOf(row.user) }];
  const look: RequestColumn = {
    name: "peek",
    head: "Peek",
    isExtra: true,
    cell: (row) => (
      <Button look="quiet" icon="right" aria-label={`Peek at ${row.id}`} onPress={() => peek(row.id)} />
    ),
  };
  return [...FIXED, ...user, ...CHOICES.filter((column) => shown.has(column.name)), look];
}

function costOf(row: RequestView) {
  if (row.cost_status === null) return null;
  return <Money usd={row.cost_usd} isEstimated={row.cost_status === "estimated"} />;
}
