import { useState } from "react";
import type { LimitsView, UserView } from "@/api/schema";
import { Field } from "@/parts/Field";
import { Form } from "@/parts/Form";
import { Panel } from "@/parts/Panel";
import { readLimit } from "./limits";
import { useUserDeeds } from "./useUserDeeds";

const NAMES = {
  requests_per_minute: "Requests a minute",
  tokens_per_minute: "Tokens a minute",
  concurrent: "At the same time",
} as const;

type Name = keyof typeof NAMES;
const ALL = Object.keys(NAMES) as Name[];

/** How much the user may ask at once; an empty field is no limit. */
export function Limits({ user }: { user: UserView }) {
  const { limit } = useUserDeeds();
  const [typed, type] = useState(() => written(user.limits));
  const read = ALL.map((name) => [name, readLimit(typed[name])] as const);
  const isRead = read.every(([, value]) => value !== undefined);
  const isChanged = read.some(([name, value]) => value !== user.limits[name]);
  return (
    <Panel title="Limits">
      <Form
        verb="Save"
        send={() => limit.mutate({ user: user.id, ...Object.fromEntries(read) })}
        isReady={isRead && isChanged}
        isSending={limit.isPending}
        error={limit.error}
      >
        {ALL.map((name) => (
          <Field
            key={name}
            label={NAMES[name]}
            inputMode="numeric"
            placeholder="no limit"
            aria-invalid={readLimit(typed[name]) === undefined}
            value={typed[name]}
            onChange={(event) => type({ ...typed, [name]: event.target.value })}
          />
        ))}
      </Form>
    </Panel>
  );
}

function written(limits: LimitsView): Record<Name, string> {
  return {
    requests_per_minute: String(limits.requests_per_minute ?? ""),
    tokens_per_minute: String(limits.tokens_per_minute ?? ""),
    concurrent: String(limits.concurrent ?? ""),
  };
}
