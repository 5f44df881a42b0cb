import { Link } from "wouter";
import { href } from "@/address/href";
import { useWorkspaceName } from "@/api/names";
import type { UserView } from "@/api/schema";
import { Fact } from "@/parts/Fact";
import { Facts } from "@/parts/Facts";
import { Instant } from "@/parts/Instant";
import { Panel } from "@/parts/Panel";

/** Who this is, and the way to all that is theirs. */
export function UserFacts({ user }: { user: UserView }) {
  const workspaceOf = useWorkspaceName();
  const theirs = (path: string) => href(path, { user: user.id });
  return (
    <Panel title="About">
      <Facts>
        <Fact name="Theirs">
          <Link href={theirs("/requests")}>Requests</Link>, <Link href={theirs("/budgets")}>budgets</Link>,{" "}
          <Link href={theirs("/jobs")}>jobs</Link>
        </Fact>
        <Fact name="Workspace">{workspaceOf(user.workspace)}</Fact>
        <Fact name="Mail">{user.email}</Fact>
        <Fact name="Time zone">{user.time_zone}</Fact>
        <Fact name="Since">
          <Instant at={user.created_at} />
        </Fact>
        <Fact name="Disabled">{user.disabled_at && <Instant at={user.disabled_at} />}</Fact>
        <Fact name="Id">
          <code>{user.id}</code>
        </Fact>
      </Facts>
    </Panel>
  );
}
