import { useState } from "react";
import { Button } from "@/parts/Button";
import { Page } from "@/parts/Page";
import { Alerts } from "./Alerts";
import { Budgets } from "./Budgets";
import { Deliveries } from "./Deliveries";
import { NewBudget } from "./NewBudget";
import { UnconfirmedHolds } from "./UnconfirmedHolds";
import { Webhooks } from "./Webhooks";

/** Who is near a limit, what is held back, and who hears of it. */
export default function BudgetsPage() {
  const [isMaking, make] = useState(false);
  return (
    <Page
      title="Budgets & alerts"
      actions={
        <Button look="primary" icon="plus" onPress={() => make(true)}>
          New budget
        </Button>
      }
    >
      <Budgets />
      <UnconfirmedHolds />
      <Alerts />
      <Webhooks />
      <Deliveries />
      <NewBudget isOpen={isMaking} close={() => make(false)} />
    </Page>
  );
}
