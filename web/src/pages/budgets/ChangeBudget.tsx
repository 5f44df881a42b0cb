import { useState } from "react";
import type { BudgetView } from "@/api/schema";
import { Dialog } from "@/parts/Dialog";
import { Field } from "@/parts/Field";
import { Form } from "@/parts/Form";
import { AlertsField } from "./AlertsField";
import { readAmount, UNITS, type Unit } from "./amount";
import { ModeField } from "./ModeField";
import type { Mode } from "./modes";
import { readThresholds, thresholdsTold } from "./thresholds";
import { useBudgetDeeds } from "./useBudgets";

interface Props {
  budget: BudgetView | null;
  close: () => void;
}

export function ChangeBudget({ budget, close }: Props) {
  return (
    <Dialog title="Change the budget" isOpen={budget !== null} close={close}>
      {budget !== null && <Fields budget={budget} done={close} />}
    </Dialog>
  );
}

function Fields({ budget, done }: { budget: BudgetView; done: () => void }) {
  const { change } = useBudgetDeeds();
  const unit = budget.unit as Unit;
  const [limit, write] = useState(String(budget.limit));
  const [mode, choose] = useState(budget.mode as Mode);
  const [alerts, alert] = useState(thresholdsTold(budget.alert_at));
  const amount = readAmount(unit, limit);
  const thresholds = readThresholds(alerts);
  const send = () => {
    if (amount === null || thresholds === null) return;
    change.mutate({ id: budget.id, limit: amount, mode, alert_at: thresholds }, { onSuccess: done });
  };
  return (
    <Form
      verb="Change"
      send={send}
      isReady={amount !== null && thresholds !== null}
      isSending={change.isPending}
      error={change.error}
    >
      <Field
        label={`Limit, ${UNITS.find((one) => one.value === unit)?.label.toLowerCase()}`}
        inputMode="decimal"
        aria-invalid={amount === null}
        value={limit}
        onChange={(event) => write(event.target.value)}
      />
      <ModeField mode={mode} choose={choose} />
      <AlertsField alerts={alerts} write={alert} />
    </Form>
  );
}
