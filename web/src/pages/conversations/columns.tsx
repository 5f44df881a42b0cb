import type { ConversationView } from "@/api/schema";
import { Button } from "@/parts/Button";
import { Instant } from "@/parts/Instant";
import { Status } from "@/parts/Status";
import type { Column } from "@/parts/Table";
import { titleOf } from "./titleOf";

const ALWAYS: readonly Column<ConversationView>[] = [
  { name: "title", head: "Title", isWide: true, cell: titled },
  { name: "model", head: "Model", cell: (row) => row.model },
  { name: "active", head: "Last used", cell: (row) => <Instant at={row.active_at} far /> },
  { name: "begun", head: "Begun", isExtra: true, cell: (row) => <Instant at={row.created_at} far /> },
];

/** What the list says of each; deleted ones can be brought back. */
export function columnsOf(restore: ((id: string) => void) | null): readonly Column<ConversationView>[] {
  if (restore === null) return ALWAYS;
  return [
    ...ALWAYS,
    {
      name: "restore",
      head: "Change",
      cell: (row) => (
        <Button look="quiet" aria-label={`Restore ${titleOf(row)}`} onPress={() => restore(row.id)}>
          Restore
        </Button>
      ),
    },
  ];
}

function titled(row: ConversationView) {
  return row.pinned ? <Status tone="good">{titleOf(row)}, pinned</Status> : titleOf(row);
}
