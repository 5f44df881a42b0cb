import { Link } from "wouter";
import type { CredentialView } from "@/api/schema";
import { Empty } from "@/parts/Empty";
import { Instant } from "@/parts/Instant";
import { Loaded } from "@/parts/Loaded";
import { Panel } from "@/parts/Panel";
import { type Column, Table } from "@/parts/Table";
import { CredentialStatus } from "../providers/CredentialStatus";
import { useCredentialsOf } from "./useUser";

const COLUMNS: readonly Column<CredentialView>[] = [
  { name: "provider", head: "Provider", cell: (row) => row.provider },
  { name: "key", head: "Key", cell: (row) => <code>{row.reference ?? `…${row.last4}`}</code> },
  { name: "label", head: "Label", cell: (row) => row.label },
  { name: "status", head: "State", isWide: true, cell: (row) => <CredentialStatus credential={row} /> },
  {
    name: "used",
    head: "Last used",
    cell: (row) => (row.last_used_at === null ? "never" : <Instant at={row.last_used_at} far />),
  },
];

/** The providers' keys that are used for this user alone. */
export function Credentials({ user }: { user: string }) {
  return (
    <Panel title="Keys of providers" flush aside={<Link href="/providers">Change them</Link>}>
      <Loaded of={useCredentialsOf(user)}>
        {({ data }) =>
          data.length === 0 ? (
            <Empty title="None of their own: they use what is shared." />
          ) : (
            <Table caption="Keys of providers" columns={COLUMNS} rows={data} keyOf={(row) => row.id} />
          )
        }
      </Loaded>
    </Panel>
  );
}
