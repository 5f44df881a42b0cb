import { Link } from "wouter";
import { href } from "@/address/href";
import { Empty } from "@/parts/Empty";
import { Failure } from "@/parts/Failure";
import { Instant } from "@/parts/Instant";
import { LoadMore } from "@/parts/LoadMore";
import { Panel } from "@/parts/Panel";
import { Waiting } from "@/parts/Waiting";
import styles from "./Found.module.css";
import { titleOf } from "./titleOf";
import { useFound } from "./useConversations";

/** Where the words occur, the newest first; each leads to the very message. */
export function Found({ words }: { words: string }) {
  const { rows, error, isPending, hasNextPage, isFetchingNextPage, ...found } = useFound(words);
  if (error !== null && rows.length === 0)
    return <Failure error={error} retry={() => void found.refetch()} />;
  return (
    <>
      <Panel flush>
        {isPending ? (
          <Waiting lines={6} />
        ) : rows.length === 0 ? (
          <Empty title="These words occur nowhere together.">
            <p>All of them must be in one title or one message.</p>
          </Empty>
        ) : (
          <ol>
            {rows.map((row) => (
              <li key={row.id}>
                <Link
                  href={href(`/conversations/${row.conversation}`, { branch: row.message })}
                  className={styles.place ?? ""}
                >
                  <span className={styles.title}>{titleOf(row)}</span>
                  <span className={styles.who}>
                    {row.role ?? "title"}, <Instant at={row.created_at} far />
                  </span>
                  <span className={styles.words}>{row.snippet}</span>
                </Link>
              </li>
            ))}
          </ol>
        )}
      </Panel>
      {hasNextPage && <LoadMore isLoading={isFetchingNextPage} load={() => void found.fetchNextPage()} />}
    </>
  );
}
