import type { ConversationView } from "@/api/schema";
import { Failure } from "@/parts/Failure";
import { Instant } from "@/parts/Instant";
import { LoadMore } from "@/parts/LoadMore";
import { Panel } from "@/parts/Panel";
import { Status } from "@/parts/Status";
import { type Column, Table } from "@/parts/Table";
import { Waiting } from "@/parts/Waiting";
import { NoConversations } from "./NoConversations";
import { titleOf } from "./titleOf";
import { type Shown, useConversations } from "./useConversations";

const COLUMNS: readonly Column<ConversationView>[] = [
  { name: "title", head: "Title", isWide: true, cell: titled },
  { name: "model", head: "Model", cell: (row) => row.model },
  { name: "active", head: "Last used", cell: (row) => <Instant at={row.active_at} far /> },
  { name: "begun", head: "Begun", isExtra: true, cell: (row) => <Instant at={row.created_at} far /> },
];

function titled(row: ConversationView) {
  return row.pinned ? <Status tone="good">{titleOf(row)}, pinned</Status> : titleOf(row);
}

/** All of one kind, the last used first. */
export function List({ shown }: { shown: Shown }) {
  const { rows, error, isPending, hasNextPage, isFetchingNextPage, ...list } = useConversations(shown);
  if (error !== null && rows.length === 0) return <Failure error={error} retry={() => void list.refetch()} />;
  return (
    <>
      <Panel flush>
        {isPending ? (
          <Waiting lines={8} />
        ) : rows.length === 0 ? (
          <NoConversations shown={shown} />
        ) : (
          <Table
            caption="Conversations, the last used first"
            columns={COLUMNS}
            rows={rows}
            keyOf={(row) => row.id}
            to={(row) => `/conversations/${row.id}`}
          />
        )}
      </Panel>
      {hasNextPage && <LoadMore isLoading={isFetchingNextPage} load={() => void list.fetchNextPage()} />}
    </>
  );
}
