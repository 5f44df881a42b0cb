import { useState } from "react";
import type { RequestView } from "@/api/schema";
import { Code } from "@/parts/Code";
import { Panel } from "@/parts/Panel";
import { Switch } from "@/parts/Switch";
import { asCurl, asPython, isWhole } from "./asCode";

const LANGUAGES = [
  { value: "curl", label: "curl" },
  { value: "python", label: "Python" },
] as const;

/** The request as something to run. */
export function AsCode({ request }: { request: RequestView }) {
  const [language, speak] = useState<(typeof LANGUAGES)[number]["value"]>("curl");
  const text = (language === "curl" ? asCurl : asPython)(withPayload(request), window.location.origin);
  if (text === null) return null;
  const label = isWhole(withPayload(request))
    ? "With your key in TOLLHOUSE_KEY"
    : "What was said is not kept: fill it in";
  return (
    <Panel
      title="As code"
      aside={<Switch label="Language" options={LANGUAGES} value={language} choose={speak} />}
    >
      <Code text={text} label={label} />
    </Panel>
  );
}

function withPayload({ payload, ...request }: RequestView) {
  return payload == null ? request : { ...request, payload };
}
