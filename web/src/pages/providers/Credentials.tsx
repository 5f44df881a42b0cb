import { useState } from "react";
import { useSpace } from "@/address/useSpace";
import { useUserName } from "@/api/names";
import type { CredentialView } from "@/api/schema";
import { Empty } from "@/parts/Empty";
import { Failure } from "@/parts/Failure";
import { Instant } from "@/parts/Instant";
import { Loaded } from "@/parts/Loaded";
import { Panel } from "@/parts/Panel";
import { type Column, Table } from "@/parts/Table";
import { CredentialMenu, type Deed } from "./CredentialMenu";
import { CredentialStatus } from "./CredentialStatus";
import { RemoveCredential } from "./RemoveCredential";
import { RotateCredential } from "./RotateCredential";
import { useCredentialDeeds, useCredentials } from "./useCredentials";

/** The keys that the gateway has for providers. It shows their last four letters, and to nobody more. */
export function Credentials() {
  const nameOf = useUserName();
  const credentials = useCredentials(useSpace());
  const { verify, change } = useCredentialDeeds();
  const [asked, ask] = useState<{ deed: "rotate" | "remove"; credential: CredentialView } | null>(null);

  const take = (deed: Deed, credential: CredentialView) => {
    if (deed === "verify") verify.mutate(credential.id);
    else if (deed === "switch") change.mutate({ id: credential.id, active: !credential.active });
    else ask({ deed, credential });
  };
  const columns: readonly Column<CredentialView>[] = [
    { name: "key", head: "Key", cell: (row) => <code>{row.reference ?? `…${row.last4}`}</code> },
    { name: "provider", head: "Provider", cell: (row) => row.provider },
    { name: "user", head: "Of", cell: (row) => nameOf(row.user) },
    { name: "label", head: "Label", isExtra: true, cell: (row) => row.label },
    { name: "role", head: "Role", cell: (row) => row.role },
    { name: "status", head: "State", cell: (row) => <CredentialStatus credential={row} /> },
    { name: "age", head: "Age", isNumber: true, cell: (row) => `${row.age_days} d` },
    {
      name: "used",
      head: "Last used",
      cell: (row) => (row.last_used_at === null ? "never" : <Instant at={row.last_used_at} far />),
    },
    {
      name: "menu",
      head: "Change",
      cell: (row) => <CredentialMenu credential={row} take={(deed) => take(deed, row)} />,
    },
  ];
  const failure = verify.error ?? change.error;
  return (
    <Panel title="Keys of providers" flush>
      {failure !== null && <Failure error={failure} />}
      <Loaded of={credentials}>
        {({ data }) =>
          data.length === 0 ? (
            <Empty title="No key yet. The demo models need none.">
              <p>
                Add one above, or name a variable in the configuration file: a key that stands there is not
                copied.
              </p>
            </Empty>
          ) : (
            <Table caption="Keys of providers" columns={columns} rows={data} keyOf={(row) => row.id} />
          )
        }
      </Loaded>
      <RotateCredential
        credential={asked?.deed === "rotate" ? asked.credential : null}
        close={() => ask(null)}
      />
      <RemoveCredential
        credential={asked?.deed === "remove" ? asked.credential : null}
        close={() => ask(null)}
      />
    </Panel>
  );
}
