import { useQuery } from "@tanstack/react-query";
import { Link } from "wouter";
import { api, said } from "@/api/client";
import { useUsers } from "@/api/names";
import { Code } from "@/parts/Code";
import { Panel } from "@/parts/Panel";
import { Status } from "@/parts/Status";
import { exampleCall } from "../requests/exampleCall";
import styles from "./Checklist.module.css";
import { useSeen } from "./useSeen";

/** The first steps, until a call has succeeded, however long ago. */
export function Checklist({ hasSucceeded }: { hasSucceeded: boolean }) {
  const { isKnown, credentials, budgets, providers } = useSeen();
  const users = useUsers().data?.data ?? [];
  const succeeded = useAny("succeeded", !hasSucceeded, () =>
    api.GET("/api/requests", { params: { query: { outcome: "succeeded", limit: 1 } } }),
  );
  const jobs = useAny("jobs", !hasSucceeded, () => api.GET("/api/jobs", { params: { query: { limit: 1 } } }));
  if (hasSucceeded || succeeded !== false || !isKnown) return null;
  const steps = [
    { isDone: false, text: "Make a first call", to: "/playground" },
    {
      isDone: credentials.length > 0 || providers.some((provider) => provider.has_shared_key),
      text: "Give a provider's key, or go on with the demo models, which need none",
      to: "/providers",
    },
    { isDone: users.length > 1, text: "Make a user with a key for each application", to: "/keys" },
    { isDone: budgets.length > 0, text: "Set a budget", to: "/budgets" },
    { isDone: jobs === true, text: "Have something answered in the background", to: "/jobs" },
  ];
  return (
    <Panel title="First steps">
      <ol className={styles.steps}>
        {steps.map((step) => (
          <li key={step.text}>
            <Status tone={step.isDone ? "good" : "idle"}>
              <Link href={step.to}>{step.text}</Link>
              <span className="visually-hidden">{step.isDone ? ": done" : ": not yet"}</span>
            </Status>
          </li>
        ))}
      </ol>
      <Code label="Shell, with your own key in place of KEY" text={exampleCall(window.location.origin)} />
    </Panel>
  );
}

/** Whether there is any; null until it is known. */
function useAny(
  what: string,
  isWanted: boolean,
  ask: () => Promise<{ data?: { data: readonly unknown[] } }>,
): boolean | null {
  const query = useQuery({ queryKey: ["any", what], queryFn: () => said(ask()), enabled: isWanted });
  return query.data === undefined ? null : query.data.data.length > 0;
}
