import { lengthOf } from "@/address/range";
import { useAddress } from "@/address/useAddress";
import { useNow } from "@/address/useNow";
import { useRange } from "@/address/useRange";
import { useSpace } from "@/address/useSpace";
import { useTokenName, useUserName } from "@/api/names";
import { Export } from "@/parts/Export";
import { Loaded } from "@/parts/Loaded";
import { Page } from "@/parts/Page";
import { Panel } from "@/parts/Panel";
import { Switch } from "@/parts/Switch";
import { Waiting } from "@/parts/Waiting";
import { BY, type By, readBy } from "./by";
import { daysBack, daysBefore, groupsOf } from "./cells";
import { NoSpend } from "./NoSpend";
import { SpendChart } from "./SpendChart";
import { SpendFigures } from "./SpendFigures";
import { SpendTable } from "./SpendTable";
import { useSpend } from "./useSpend";

const OPTIONS = (Object.keys(BY) as By[]).map((by) => ({ value: by, label: BY[by].label }));
const UNNAMED = "none";

/** Of everybody, day by day, beside as many days before. */
export function AllSpend() {
  const { search, change } = useAddress();
  const range = useRange();
  const now = useNow();
  const nameOf = useUserName();
  const tokenOf = useTokenName();
  const by = readBy(search);
  const days = daysBack(range.to ?? now, lengthOf(range, now));
  const [since = ""] = daysBefore(days);
  const spend = useSpend(by, since, useSpace());

  const labelOf = (key: string) => {
    if (key === "") return UNNAMED;
    return by === "user" ? nameOf(key) : by === "token" ? tokenOf(key) : key;
  };
  return (
    <Page
      title="Spend"
      beside="Days are UTC's"
      actions={<Switch label="By" options={OPTIONS} value={by} choose={(chosen) => change({ by: chosen })} />}
    >
      <Loaded of={spend} waiting={<Waiting height={480} />}>
        {(cells) => {
          const groups = groupsOf(cells, days);
          if (groups.length === 0) return <NoSpend />;
          return (
            <>
              <SpendFigures groups={groups} days={days} />
              <Panel title={`By day and ${BY[by].label.toLowerCase()}`}>
                <SpendChart cells={cells} groups={groups} days={days} labelOf={labelOf} />
              </Panel>
              <Panel
                title={`By ${BY[by].label.toLowerCase()}`}
                flush
                aside={<Export name={`spend-by-${by}`} rows={plain(cells)} />}
              >
                <SpendTable by={by} groups={groups} labelOf={labelOf} />
              </Panel>
            </>
          );
        }}
      </Loaded>
    </Page>
  );
}

/** As JSON can say it. */
function plain(cells: readonly { cost: bigint }[]): object[] {
  return cells.map(({ cost, ...cell }) => ({ ...cell, cost_nanodollars: cost.toString() }));
}
