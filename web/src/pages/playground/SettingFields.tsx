import { Field } from "@/parts/Field";
import form from "@/parts/Form.module.css";
import { isSetting } from "./body";
import type { Pane } from "./panes";

const NUMBERS = [
  { name: "temperature", label: "Temperature" },
  { name: "topP", label: "Top p" },
  { name: "maxTokens", label: "At most, in tokens" },
] as const;

/** How a model is asked. What is left empty it decides itself. */
export function SettingFields({ pane, set }: { pane: Pane; set: (pane: Pane) => void }) {
  return (
    <div className={form.form}>
      {NUMBERS.map(({ name, label }) => (
        <Field
          key={name}
          label={label}
          inputMode="decimal"
          placeholder="the model's own"
          aria-invalid={!isSetting(pane[name])}
          value={pane[name]}
          onChange={(event) => set({ ...pane, [name]: event.target.value })}
        />
      ))}
    </div>
  );
}
