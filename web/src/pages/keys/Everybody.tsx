import { useState } from "react";
import { href } from "@/address/href";
import { useSpace } from "@/address/useSpace";
import { useWorkspaceName } from "@/api/names";
import { counted } from "@/format/number";
import { Button } from "@/parts/Button";
import { Loaded } from "@/parts/Loaded";
import { Page } from "@/parts/Page";
import { Panel } from "@/parts/Panel";
import { Table } from "@/parts/Table";
import { Waiting } from "@/parts/Waiting";
import { AllTokens } from "./AllTokens";
import { columnsOf } from "./columns";
import { KindsOfKeys } from "./KindsOfKeys";
import { NewUser } from "./NewUser";
import { useUsersOf } from "./useUser";

/** All users; each leads to their keys. */
export function Everybody() {
  const users = useUsersOf(useSpace());
  const workspaceOf = useWorkspaceName();
  const [isMaking, make] = useState(false);
  const told =
    users.data && `${counted(users.data.data.length, "user")}${users.data.has_more ? " and more" : ""}`;
  return (
    <Page
      title="Keys & users"
      beside={told}
      actions={
        <Button look="primary" icon="plus" onPress={() => make(true)}>
          New user
        </Button>
      }
    >
      <Panel flush>
        <Loaded of={users} waiting={<Waiting lines={6} />}>
          {({ data }) => (
            <Table
              caption="Users"
              columns={columnsOf(workspaceOf)}
              rows={data}
              keyOf={(user) => user.id}
              to={(user) => href("/keys", { user: user.id })}
            />
          )}
        </Loaded>
      </Panel>
      <AllTokens />
      <KindsOfKeys />
      <NewUser isOpen={isMaking} close={() => make(false)} />
    </Page>
  );
}
