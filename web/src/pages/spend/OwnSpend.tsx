import { useNow } from "@/address/useNow";
import type { MyUsageView, SpendRow } from "@/api/schema";
import { nanodollars } from "@/format/money";
import { Loaded } from "@/parts/Loaded";
import { Page } from "@/parts/Page";
import { Panel } from "@/parts/Panel";
import { Waiting } from "@/parts/Waiting";
import { type Cell, daysBack, groupsOf } from "./cells";
import { NoSpend } from "./NoSpend";
import { SpendChart } from "./SpendChart";
import { SpendTable } from "./SpendTable";
import { useOwnSpend } from "./useOwnSpend";

const THIRTY_DAYS_MS = 30 * 86_400_000;

/** Of whoever is signed in: the last thirty days. */
export function OwnSpend() {
  const usage = useOwnSpend();
  return (
    <Page title="Spend" beside="Your last thirty days, which are UTC's">
      <Loaded of={usage} waiting={<Waiting height={480} />}>
        {(own) => (own.days.length === 0 ? <NoSpend /> : <Own usage={own} />)}
      </Loaded>
    </Page>
  );
}

function Own({ usage }: { usage: MyUsageView }) {
  const days = daysBack(useNow(), THIRTY_DAYS_MS);
  const today = days.at(-1) ?? "";
  const byDay = usage.days.map((row) => cellOf(row, row.day ?? "", "all"));
  const byModel = usage.models.map((row) =>
    cellOf(row, today, row.model == null ? "" : `${row.provider}/${row.model}`),
  );
  return (
    <>
      <Panel title="By day">
        <SpendChart cells={byDay} groups={groupsOf(byDay, days)} days={days} labelOf={() => "all models"} />
      </Panel>
      <Panel title="By model" flush>
        <SpendTable
          by="model"
          groups={groupsOf(byModel, days)}
          labelOf={(key) => (key === "" ? "none" : key)}
        />
      </Panel>
    </>
  );
}

function cellOf(row: SpendRow, day: string, key: string): Cell {
  return {
    day,
    key,
    cost: nanodollars(row.cost_usd),
    requests: row.requests,
    unpriced: row.unpriced_requests,
  };
}
