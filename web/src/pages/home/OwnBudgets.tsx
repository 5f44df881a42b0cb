import type { BudgetView } from "@/api/schema";
import { usd } from "@/format/money";
import { count } from "@/format/number";
import { Empty } from "@/parts/Empty";
import { Instant } from "@/parts/Instant";
import { Panel } from "@/parts/Panel";
import { Share } from "@/parts/Share";
import { type Column, Table } from "@/parts/Table";
import { usedOf } from "./attention";

const COLUMNS: readonly Column<BudgetView>[] = [
  {
    name: "what",
    head: "Budget",
    cell: (budget) => `${budget.unit === "usd" ? "Dollars" : budget.unit} a ${budget.window}`,
  },
  {
    name: "used",
    head: "Used",
    cell: (budget) => <Share share={usedOf(budget)} shade={budget.exceeded ? "bad" : 1} />,
  },
  { name: "left", head: "Left", isNumber: true, cell: (budget) => told(budget.unit, budget.available) },
  { name: "limit", head: "Of", isNumber: true, cell: (budget) => told(budget.unit, budget.limit) },
  {
    name: "resets",
    head: "Begins anew",
    cell: (budget) => budget.resets_at && <Instant at={budget.resets_at} far />,
  },
];

/** What may still be spent. */
export function OwnBudgets({ budgets }: { budgets: readonly BudgetView[] }) {
  return (
    <Panel title="Budgets" flush>
      {budgets.length === 0 ? (
        <Empty title="No budget holds for you." />
      ) : (
        <Table
          caption="Budgets that hold for you"
          columns={COLUMNS}
          rows={budgets}
          keyOf={(budget) => budget.id}
        />
      )}
    </Panel>
  );
}

function told(unit: string, amount: string | number): string {
  return unit === "usd" ? usd(String(amount)) : count(Number(amount));
}
