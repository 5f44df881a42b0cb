import type { ReactNode } from "react";
import { Link } from "wouter";
import type { RequestView } from "@/api/schema";
import { count, duration } from "@/format/number";
import { Instant } from "@/parts/Instant";
import { Money } from "@/parts/Money";
import { Panel } from "@/parts/Panel";
import { type Column, Table } from "@/parts/Table";
import { servedBy } from "../outcome";
import { RequestStatus } from "../RequestStatus";

interface Row {
  name: string;
  of: (request: RequestView) => ReactNode;
}

const ROWS: readonly Row[] = [
  { name: "Request", of: ({ id }) => <Link href={`/requests/${id}`}>{id}</Link> },
  { name: "Time", of: (request) => <Instant at={request.created_at} /> },
  { name: "Status", of: (request) => <RequestStatus request={request} /> },
  { name: "Answered by", of: servedBy },
  { name: "Attempts", of: (request) => request.attempts.length },
  { name: "Latency", of: (request) => duration(request.response_time_ms) },
  {
    name: "First token",
    of: ({ time_to_first_token_ms: first_ms }) => (first_ms === null ? null : duration(first_ms)),
  },
  { name: "Tokens in", of: ({ usage }) => usage && count(usage.input_tokens) },
  { name: "Tokens out", of: ({ usage }) => usage && count(usage.output_tokens) },
  {
    name: "Cost",
    of: ({ cost_status, cost_usd }) =>
      cost_status === null ? null : <Money usd={cost_usd} isEstimated={cost_status === "estimated"} />,
  },
  { name: "Finish reason", of: (request) => request.finish_reason },
];

/** What is known of both, line by line. */
export function BothFacts({ before, after }: { before: RequestView; after: RequestView }) {
  const columns: readonly Column<Row>[] = [
    { name: "what", head: "Fact", cell: (row) => row.name },
    { name: "before", head: "Logged", cell: (row) => row.of(before) },
    { name: "after", head: "Replay", cell: (row) => row.of(after) },
  ];
  return (
    <Panel flush>
      <Table caption="Both requests" columns={columns} rows={ROWS} keyOf={(row) => row.name} />
    </Panel>
  );
}
