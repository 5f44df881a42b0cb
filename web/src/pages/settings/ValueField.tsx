import type { SettingView } from "@/api/schema";
import { Field } from "@/parts/Field";
import { Select } from "@/parts/Select";
import { TextArea } from "@/parts/TextArea";
import { kindOf } from "./value";

interface Props {
  setting: SettingView;
  text: string;
  write: (text: string) => void;
}

const SWITCH = [
  { value: "true", label: "on" },
  { value: "false", label: "off" },
];

/** What fits a setting: a list of two, some lines, or one. */
export function ValueField({ setting, text, write }: Props) {
  const kind = kindOf(setting);
  if (kind === "switch") return <Select label="Value" options={SWITCH} value={text} choose={write} />;
  if (kind === "list") {
    return (
      <TextArea
        label="Values, one to a line"
        value={text === "none" ? "" : text}
        onChange={(event) => write(event.target.value)}
      />
    );
  }
  return <Field label="Value, or none" value={text} onChange={(event) => write(event.target.value)} />;
}
