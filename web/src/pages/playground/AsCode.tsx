import { useState } from "react";
import { Code } from "@/parts/Code";
import { Panel } from "@/parts/Panel";
import { Switch } from "@/parts/Switch";
import { asCurl, asPython } from "../requests/detail/asCode";

const LANGUAGES = [
  { value: "curl", label: "curl" },
  { value: "python", label: "Python" },
] as const;

/** What would be asked next, as something to run elsewhere. */
export function AsCode({ body, model }: { body: object; model: string }) {
  const [language, speak] = useState<(typeof LANGUAGES)[number]["value"]>("curl");
  const request = {
    surface: "chat.completions",
    asked_model: model,
    stream: true,
    payload: { request: JSON.stringify(body, null, 2) },
  };
  const text = (language === "curl" ? asCurl : asPython)(request, window.location.origin);
  return (
    <Panel
      title="As code"
      aside={<Switch label="Language" options={LANGUAGES} value={language} choose={speak} />}
    >
      <Code text={text ?? ""} label="With your key in TOLLHOUSE_KEY" />
    </Panel>
  );
}
