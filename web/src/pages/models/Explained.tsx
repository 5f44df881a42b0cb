import type { CandidateView, ExplainedView } from "@/api/schema";
import { Empty } from "@/parts/Empty";
import { type Column, Table } from "@/parts/Table";
import { Rate } from "./Rate";

const COLUMNS: readonly Column<CandidateView>[] = [
  { name: "model", head: "Model", cell: (row) => `${row.position}. ${row.provider}/${row.model}` },
  { name: "why", head: "Why", cell: (row) => row.why },
  { name: "credential", head: "Credential", cell: (row) => row.credential },
  {
    name: "in",
    head: "$ in / M",
    isNumber: true,
    cell: (row) => <Rate rate={row.price.input_usd_per_million} />,
  },
  {
    name: "out",
    head: "$ out / M",
    isNumber: true,
    cell: (row) => <Rate rate={row.price.output_usd_per_million} />,
  },
];

/** The candidates, in the order in which they would be asked. */
export function Explained({ explained }: { explained: ExplainedView }) {
  if (explained.candidates.length === 0) return <Empty title="Nobody would answer." />;
  return (
    <Table
      caption={`Who would answer ${explained.asked_model}`}
      columns={COLUMNS}
      rows={explained.candidates}
      keyOf={(row) => String(row.position)}
    />
  );
}
