import { useState } from "react";
import { Link } from "wouter";
import { useAddress } from "@/address/useAddress";
import { useSpace } from "@/address/useSpace";
import { useUserName } from "@/api/names";
import type { BudgetView } from "@/api/schema";
import { Loaded } from "@/parts/Loaded";
import { Panel } from "@/parts/Panel";
import { Waiting } from "@/parts/Waiting";
import { BudgetLegend } from "./BudgetLegend";
import { BudgetRow } from "./BudgetRow";
import styles from "./Budgets.module.css";
import { ChangeBudget } from "./ChangeBudget";
import { CreditBudget } from "./CreditBudget";
import { NoBudget } from "./NoBudget";
import { usedOf } from "./portions";
import { RemoveBudget } from "./RemoveBudget";
import { useBudgets } from "./useBudgets";

export type BudgetDeed = "change" | "credit" | "remove";

/** Every budget as a bar, the fullest first. */
export function Budgets() {
  const { search } = useAddress();
  const user = search.get("user");
  const nameOf = useUserName();
  const budgets = useBudgets(user, useSpace());
  const [asked, ask] = useState<{ deed: BudgetDeed; budget: BudgetView } | null>(null);
  const of = (deed: BudgetDeed) => (asked?.deed === deed ? asked.budget : null);
  const close = () => ask(null);
  return (
    <Panel title={user === null ? "Budgets" : `Budgets of ${nameOf(user)}`} flush aside={<BudgetLegend />}>
      {user !== null && (
        <div className={styles.note}>
          <p>Those of their workspace and of single tokens hold besides.</p>
          <Link href="/budgets">All budgets</Link>
        </div>
      )}
      <Loaded of={budgets} waiting={<Waiting lines={6} />}>
        {({ data }) =>
          data.length === 0 ? (
            <NoBudget user={user} />
          ) : (
            <ul>
              {fullestFirst(data).map((budget) => (
                <BudgetRow
                  key={budget.id}
                  budget={budget}
                  isChosen={budget.id === search.get("budget")}
                  take={(deed) => ask({ deed, budget })}
                />
              ))}
            </ul>
          )
        }
      </Loaded>
      <ChangeBudget budget={of("change")} close={close} />
      <CreditBudget budget={of("credit")} close={close} />
      <RemoveBudget budget={of("remove")} close={close} />
    </Panel>
  );
}

function fullestFirst(budgets: readonly BudgetView[]): BudgetView[] {
  return [...budgets].sort((a, b) => usedOf(b) - usedOf(a));
}
