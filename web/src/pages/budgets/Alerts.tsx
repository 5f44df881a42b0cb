import { useQuery } from "@tanstack/react-query";
import { Link } from "wouter";
import { api, said } from "@/api/client";
import type { AlertView } from "@/api/schema";
import { Empty } from "@/parts/Empty";
import { Instant } from "@/parts/Instant";
import { Loaded } from "@/parts/Loaded";
import { Panel } from "@/parts/Panel";
import { Status } from "@/parts/Status";
import { type Column, Table } from "@/parts/Table";
import { alertTold } from "./alertText";

const SOME = 20;

const COLUMNS: readonly Column<AlertView>[] = [
  { name: "at", head: "Time", cell: (alert) => <Instant at={alert.created_at} /> },
  {
    name: "kind",
    head: "Kind",
    cell: (alert) => <Status tone={alertTold(alert).tone}>{alert.type.replace(".", " ")}</Status>,
  },
  { name: "what", head: "What", isWide: true, cell: sentence },
  {
    name: "rearmed",
    head: "Since then",
    isExtra: true,
    cell: (alert) => (alert.rearmed_at === null ? "" : "may be raised again"),
  },
];

/** What was raised lately. Each is raised once, until what caused it is over. */
export function Alerts() {
  const alerts = useQuery({
    queryKey: ["alerts", SOME],
    queryFn: ({ signal }) => said(api.GET("/api/alerts", { params: { query: { limit: SOME } }, signal })),
  });
  return (
    <Panel title="Alerts" flush>
      <Loaded of={alerts}>
        {({ data }) =>
          data.length === 0 ? (
            <Empty title="Nothing was raised.">
              <p>Budgets raise alerts at the parts that you set, keys when they age or fail.</p>
            </Empty>
          ) : (
            <Table caption="Alerts, newest first" columns={COLUMNS} rows={data} keyOf={(alert) => alert.id} />
          )
        }
      </Loaded>
    </Panel>
  );
}

function sentence(alert: AlertView) {
  const { text, to } = alertTold(alert);
  return to === null ? text : <Link href={to}>{text}</Link>;
}
