import { useState } from "react";
import { Code } from "@/parts/Code";
import { Panel } from "@/parts/Panel";
import { Switch } from "@/parts/Switch";
import { asCurl, asJavaScript, asPython, isWhole, type Repeatable } from "./asCode";

const LANGUAGES = [
  { value: "curl", label: "curl", write: asCurl },
  { value: "python", label: "Python", write: asPython },
  { value: "javascript", label: "JavaScript", write: asJavaScript },
] as const;

type Language = (typeof LANGUAGES)[number];

/** A request as something to run. */
export function AsCode({ request }: { request: Repeatable }) {
  const [language, speak] = useState<Language["value"]>("curl");
  const { write } = LANGUAGES.find((one) => one.value === language) ?? LANGUAGES[0];
  const text = write(request, window.location.origin);
  if (text === null) return null;
  const label = isWhole(request) ? "With your key in TOLLHOUSE_KEY" : "What was said is not kept: fill it in";
  return (
    <Panel
      title="As code"
      aside={<Switch label="Language" options={LANGUAGES} value={language} choose={speak} />}
    >
      <Code text={text} label={label} />
    </Panel>
  );
}
