import { useState } from "react";
import { useAddress } from "@/address/useAddress";
import { Field } from "@/parts/Field";
import { Form } from "@/parts/Form";
import { Select } from "@/parts/Select";
import { AlertsField } from "./AlertsField";
import { readAmount, UNITS, type Unit } from "./amount";
import { ModeField } from "./ModeField";
import { type Mode, WINDOWS, type Window } from "./modes";
import styles from "./NewBudgetForm.module.css";
import { ALL_TOKENS, OwnerFields } from "./OwnerFields";
import { readThresholds } from "./thresholds";
import { useBudgetDeeds } from "./useBudgets";

/** Where an owner has one like it already, that one's limit is replaced, and what was spent still counts. */
export function NewBudgetForm({ done }: { done: () => void }) {
  const { search } = useAddress();
  const { create } = useBudgetDeeds();
  const [owner, give] = useState(search.get("user") ?? "");
  const [token, narrow] = useState(ALL_TOKENS);
  const [unit, count] = useState<Unit>("usd");
  const [window, last] = useState<Window>("month");
  const [limit, write] = useState("");
  const [model, name] = useState("");
  const [mode, choose] = useState<Mode>("strict");
  const [alerts, alert] = useState("50, 80, 100");

  const amount = readAmount(unit, limit);
  const thresholds = readThresholds(alerts);
  const send = () => {
    if (amount === null || thresholds === null) return;
    const body = { unit, window, limit: amount, mode, alert_at: thresholds };
    const narrowed = model.trim() === "" ? body : { ...body, model: model.trim() };
    create.mutate({ owner: ownerOf(owner, token), ...narrowed }, { onSuccess: done });
  };
  return (
    <Form
      verb="Set"
      send={send}
      isReady={owner !== "" && amount !== null && thresholds !== null}
      isSending={create.isPending}
      error={create.error}
    >
      <OwnerFields owner={owner} give={give} token={token} narrow={narrow} />
      <div className={styles.three}>
        <Field
          label="As much as"
          inputMode="decimal"
          placeholder={unit === "usd" ? "10.00" : "1,000"}
          aria-invalid={limit !== "" && amount === null}
          value={limit}
          onChange={(event) => write(event.target.value)}
        />
        <Select label="Of" options={UNITS} value={unit} choose={(value) => count(value as Unit)} />
        <Select label="In" options={WINDOWS} value={window} choose={(value) => last(value as Window)} />
      </div>
      <ModeField mode={mode} choose={choose} />
      <Field
        label="For one model alone, if you like"
        placeholder="provider/model"
        value={model}
        onChange={(event) => name(event.target.value)}
      />
      <AlertsField alerts={alerts} write={alert} />
    </Form>
  );
}

function ownerOf(owner: string, token: string) {
  if (owner.startsWith("ws_")) return { workspace: owner };
  return token === ALL_TOKENS ? { user: owner } : { token };
}
