import { useAddress } from "@/address/useAddress";
import { useRange } from "@/address/useRange";
import { Choice } from "@/parts/Choice";
import { Empty } from "@/parts/Empty";
import { Export } from "@/parts/Export";
import { Failure } from "@/parts/Failure";
import { LoadMore } from "@/parts/LoadMore";
import { Page } from "@/parts/Page";
import { Panel } from "@/parts/Panel";
import { Table } from "@/parts/Table";
import { Waiting } from "@/parts/Waiting";
import { COLUMNS } from "./columns";
import { kindOf } from "./facts";
import { useDeeds } from "./useDeeds";

const ALL = "";

/** Who changed what. */
export default function AuditPage() {
  const { search, change } = useAddress();
  const { deeds, error, isPending, hasNextPage, isFetchingNextPage, ...log } = useDeeds(useRange());
  const kind = search.get("kind") ?? ALL;
  const kinds = [
    ...new Set([...deeds.map((deed) => kindOf(deed.deed)), ...(kind === ALL ? [] : [kind])]),
  ].sort();
  const rows = kind === ALL ? deeds : deeds.filter((deed) => kindOf(deed.deed) === kind);
  return (
    <Page
      title="Audit"
      actions={
        <>
          <Choice
            label="Kind"
            options={[
              { value: ALL, label: "All kinds" },
              ...kinds.map((one) => ({ value: one, label: one })),
            ]}
            value={kind}
            choose={(chosen) => change({ kind: chosen })}
          />
          <Export name="audit" rows={rows} />
        </>
      }
    >
      {error !== null && <Failure error={error} retry={() => void log.refetch()} />}
      <Panel flush>
        {isPending ? (
          <Waiting lines={8} />
        ) : rows.length === 0 ? (
          <Empty title="Nobody changed anything in this span of time.">
            <p>
              Every change to users, tokens, credentials, budgets and settings is written here, and never
              taken out again.
            </p>
          </Empty>
        ) : (
          <Table
            caption="What was changed, newest first"
            columns={COLUMNS}
            rows={rows}
            keyOf={(deed) => deed.id}
          />
        )}
      </Panel>
      {hasNextPage && <LoadMore isLoading={isFetchingNextPage} load={() => void log.fetchNextPage()} />}
    </Page>
  );
}
