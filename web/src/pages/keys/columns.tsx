import type { UserView } from "@/api/schema";
import { Instant } from "@/parts/Instant";
import type { Column } from "@/parts/Table";
import { limitsTold } from "./limits";
import { UserStatus } from "./UserStatus";

/** What the list says of each user. */
export function columnsOf(workspaceOf: (id: string) => string): readonly Column<UserView>[] {
  return [
    { name: "name", head: "User", cell: (user) => user.name },
    { name: "status", head: "State", cell: (user) => <UserStatus user={user} /> },
    { name: "workspace", head: "Workspace", cell: (user) => workspaceOf(user.workspace) },
    { name: "limits", head: "Limits", cell: (user) => limitsTold(user.limits) },
    { name: "email", head: "Mail", isExtra: true, cell: (user) => user.email },
    { name: "zone", head: "Time zone", isExtra: true, cell: (user) => user.time_zone },
    { name: "since", head: "Since", isExtra: true, cell: (user) => <Instant at={user.created_at} far /> },
  ];
}
