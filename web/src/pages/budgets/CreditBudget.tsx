import { useState } from "react";
import type { BudgetView } from "@/api/schema";
import { Dialog } from "@/parts/Dialog";
import { Field } from "@/parts/Field";
import { Form } from "@/parts/Form";
import { amountTold, readAmount, type Unit } from "./amount";
import { useBudgetDeeds } from "./useBudgets";

interface Props {
  budget: BudgetView | null;
  close: () => void;
}

/** Gives back what was posted in error. What the calls cost stays in the log as it was. */
export function CreditBudget({ budget, close }: Props) {
  return (
    <Dialog title="Correct what is spent" isOpen={budget !== null} close={close}>
      {budget !== null && <Fields budget={budget} done={close} />}
    </Dialog>
  );
}

function Fields({ budget, done }: { budget: BudgetView; done: () => void }) {
  const { credit } = useBudgetDeeds();
  const [typed, write] = useState("");
  const [reason, explain] = useState("");
  const amount = readAmount(budget.unit as Unit, typed);
  const send = () => {
    if (amount === null) return;
    credit.mutate({ id: budget.id, amount, reason: reason.trim() }, { onSuccess: done });
  };
  return (
    <Form
      verb="Give back"
      send={send}
      isReady={amount !== null && reason.trim() !== ""}
      isSending={credit.isPending}
      error={credit.error}
    >
      <p>
        {amountTold(budget.unit, budget.posted)} are spent in the current period. What you give back can be
        spent again; the request log keeps what the calls cost.
      </p>
      <Field
        label="Give back"
        inputMode="decimal"
        aria-invalid={typed !== "" && amount === null}
        value={typed}
        onChange={(event) => write(event.target.value)}
      />
      <Field
        label="Why, for whoever reads the audit"
        value={reason}
        onChange={(event) => explain(event.target.value)}
      />
    </Form>
  );
}
