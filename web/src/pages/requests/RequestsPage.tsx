import { useState } from "react";
import { useLocation } from "wouter";
import { href } from "@/address/href";
import { carriedRange } from "@/address/range";
import { useAddress } from "@/address/useAddress";
import { useRange } from "@/address/useRange";
import { useSpace } from "@/address/useSpace";
import { useUserName } from "@/api/names";
import { count } from "@/format/number";
import { Choices } from "@/parts/Choices";
import { Export } from "@/parts/Export";
import { Failure } from "@/parts/Failure";
import { LoadMore } from "@/parts/LoadMore";
import { Page } from "@/parts/Page";
import { Panel } from "@/parts/Panel";
import { Table } from "@/parts/Table";
import { useKept } from "@/parts/useKept";
import { Waiting } from "@/parts/Waiting";
import { useSession } from "@/session/useSession";
import { useShortcut } from "@/shortcuts/useShortcut";
import { CHOICES, columnsOf, SHOWN_AT_FIRST } from "./columns";
import { FilterBox } from "./FilterBox";
import { ALL_FILTERS, type Filters, OWN_FILTERS, readFilters } from "./filters";
import { LookedTo } from "./LookedTo";
import { News } from "./News";
import { NoRequests } from "./NoRequests";
import { Overview } from "./Overview";
import { Peek } from "./Peek";
import styles from "./RequestsPage.module.css";
import { Totals } from "./Totals";
import { useReport } from "./useReport";
import { listAll, MOST_EXPORTED, useRequests } from "./useRequests";
import { Views } from "./Views";
import type { View } from "./views";

const NOTE = `All that match, up to the newest ${count(MOST_EXPORTED)}.`;

/** What happened to this call, which calls failed, were slow, were dear. */
export default function RequestsPage() {
  const { session } = useSession();
  const { search, change } = useAddress();
  const range = useRange();
  const nameOf = useUserName();
  const [, navigate] = useLocation();
  const [shown, show] = useKept("requests.columns", SHOWN_AT_FIRST);
  const [chosen, choose] = useState<string | null>(null);

  const names = session.is_admin ? ALL_FILTERS : OWN_FILTERS;
  const filters = readFilters(search, names);
  const question = { ofAll: session.is_admin, filters, range, space: useSpace() };
  const report = useReport(question);
  const { rows, error, isPending, isPlaceholderData, hasNextPage, isFetchingNextPage, ...log } =
    useRequests(question);

  const looked = rows.find((row) => row.id === chosen);
  const step = (by: 1 | -1) => {
    const next = rows[rows.findIndex((row) => row.id === chosen) + by] ?? rows[0];
    if (next === undefined) return;
    choose(next.id);
    document.querySelector(`tr[data-key="${next.id}"]`)?.scrollIntoView({ block: "nearest" });
  };
  useShortcut("j", "Next row", () => step(1));
  useShortcut("k", "Row before", () => step(-1));
  useShortcut("Escape", "Close the row", () => choose(null));
  useShortcut("Enter", "Open the row", () => chosen !== null && navigate(`/requests/${chosen}`));

  const refresh = () => Promise.all([log.renew(), report.refetch()]);
  const refilter = (next: Filters) => {
    const cleared = Object.fromEntries(names.map((name) => [name, null]));
    change({ ...cleared, ...next }, { push: true });
  };
  const narrowed = (more: Filters) =>
    href("/requests", { ...Object.fromEntries(carriedRange(search)), ...filters, ...more });
  const openView = (view: View) => {
    if (view.columns !== null) show(new Set(view.columns));
    refilter(view.filters);
  };
  return (
    <Page
      title="Requests"
      beside={
        report.data && (
          <Totals totals={report.data.totals} isSampled={report.data.sampled} narrowed={narrowed} />
        )
      }
      actions={<Export name="requests" rows={rows} more={{ load: () => listAll(question), note: NOTE }} />}
    >
      <div className={styles.tools}>
        <FilterBox names={names} filters={filters} change={refilter} />
        <Views filters={filters} columns={shown} open={openView} />
        <Choices
          label="Columns"
          icon="columns"
          options={CHOICES.map((column) => ({ value: column.name, label: column.head }))}
          values={shown}
          choose={show}
        />
        <News
          question={question}
          newest={rows[0]?.id ?? null}
          isReady={!isPending && !isPlaceholderData}
          show={() => void refresh()}
        />
      </div>
      {error !== null && <Failure error={error} retry={() => void log.refetch()} />}
      {report.data === undefined
        ? report.error === null && <Panel>{<Waiting height={192} />}</Panel>
        : report.data.totals.requests > 0 && (
            <Overview report={report.data} filters={filters} change={refilter} />
          )}
      <Panel flush>
        {isPending ? (
          <Waiting lines={12} />
        ) : rows.length === 0 && error === null ? (
          <NoRequests
            isFiltered={Object.keys(filters).length > 0}
            lookedTo={log.lookedTo}
            clear={() => refilter({})}
          />
        ) : (
          <div className={isPlaceholderData ? styles.stale : undefined}>
            <Table
              caption="Requests, newest first"
              columns={columnsOf(shown, session.is_admin ? nameOf : null, choose)}
              rows={rows}
              keyOf={(row) => row.id}
              to={(row) => `/requests/${row.id}`}
              chosen={chosen}
            />
          </div>
        )}
      </Panel>
      {hasNextPage && (
        <div className={styles.more}>
          <LoadMore isLoading={isFetchingNextPage} load={() => void log.fetchNextPage()} />
          {log.lookedTo !== null && rows.length > 0 && <LookedTo place={log.lookedTo} />}
        </div>
      )}
      {looked !== undefined && <Peek request={looked} close={() => choose(null)} />}
    </Page>
  );
}
