import { Field } from "@/parts/Field";
import form from "@/parts/Form.module.css";
import { TextArea } from "@/parts/TextArea";
import { isSetting, type Settings } from "./body";

const NUMBERS = [
  { name: "temperature", label: "Temperature" },
  { name: "topP", label: "Top p" },
  { name: "maxTokens", label: "At most, in tokens" },
] as const;

/** How it is asked. What is left empty the model decides. */
export function SettingFields({ settings, set }: { settings: Settings; set: (settings: Settings) => void }) {
  return (
    <div className={form.form}>
      <TextArea
        label="Told before everything"
        rows={3}
        value={settings.system}
        onChange={(event) => set({ ...settings, system: event.target.value })}
      />
      {NUMBERS.map(({ name, label }) => (
        <Field
          key={name}
          label={label}
          inputMode="decimal"
          placeholder="the model's own"
          aria-invalid={!isSetting(settings[name])}
          value={settings[name]}
          onChange={(event) => set({ ...settings, [name]: event.target.value })}
        />
      ))}
    </div>
  );
}
