import type { ConversationView } from "@/api/schema";
import { Failure } from "@/parts/Failure";
import { LoadMore } from "@/parts/LoadMore";
import { Panel } from "@/parts/Panel";
import { Table } from "@/parts/Table";
import { Waiting } from "@/parts/Waiting";
import { columnsOf } from "./columns";
import { NoConversations } from "./NoConversations";
import { type Shown, useConversations } from "./useConversations";
import { useRestore } from "./useRestore";

/** All of one kind, the last used first. What is deleted can be seen only by its title, until it is restored. */
export function List({ shown }: { shown: Shown }) {
  const { rows, error, isPending, hasNextPage, isFetchingNextPage, ...list } = useConversations(shown);
  const restore = useRestore();
  const isDeleted = shown === "deleted";
  if (error !== null && rows.length === 0) return <Failure error={error} retry={() => void list.refetch()} />;
  return (
    <>
      {restore.error !== null && <Failure error={restore.error} />}
      <Panel flush>
        {isPending ? (
          <Waiting lines={8} />
        ) : rows.length === 0 ? (
          <NoConversations shown={shown} />
        ) : (
          <Table
            caption="Conversations, the last used first"
            columns={columnsOf(isDeleted ? restore.mutate : null)}
            rows={rows}
            keyOf={(row: ConversationView) => row.id}
            {...(!isDeleted && { to: (row: ConversationView) => `/conversations/${row.id}` })}
          />
        )}
      </Panel>
      {hasNextPage && <LoadMore isLoading={isFetchingNextPage} load={() => void list.fetchNextPage()} />}
    </>
  );
}
