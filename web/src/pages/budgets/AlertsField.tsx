import { Field } from "@/parts/Field";
import { readThresholds } from "./thresholds";

interface Props {
  /** As it is typed. */
  alerts: string;
  write: (alerts: string) => void;
}

/** At how much of a budget somebody is told. */
export function AlertsField({ alerts, write }: Props) {
  return (
    <Field
      label="Alert at, in percent"
      inputMode="decimal"
      aria-invalid={readThresholds(alerts) === null}
      value={alerts}
      onChange={(event) => write(event.target.value)}
    />
  );
}
