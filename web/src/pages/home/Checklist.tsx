import { Link } from "wouter";
import { Code } from "@/parts/Code";
import { Panel } from "@/parts/Panel";
import { Status } from "@/parts/Status";
import { exampleCall } from "../requests/exampleCall";
import styles from "./Checklist.module.css";
import { useSeen } from "./useSeen";

/** The first steps, until a call has succeeded. */
export function Checklist({ hasSucceeded }: { hasSucceeded: boolean }) {
  const { isKnown, credentials, budgets, providers } = useSeen();
  if (hasSucceeded || !isKnown) return null;
  const steps = [
    { isDone: hasSucceeded, text: "Make a first call", to: "/playground" },
    {
      isDone: credentials.length > 0 || providers.some((provider) => provider.has_shared_key),
      text: "Give a provider's key, or go on with the demo models, which need none",
      to: "/providers",
    },
    { isDone: budgets.length > 0, text: "Set a budget", to: "/budgets" },
    { isDone: false, text: "Make a key for each application", to: "/keys" },
  ];
  return (
    <Panel title="First steps">
      <ol className={styles.steps}>
        {steps.map((step) => (
          <li key={step.text}>
            <Status tone={step.isDone ? "good" : "idle"}>
              <Link href={step.to}>{step.text}</Link>
            </Status>
          </li>
        ))}
      </ol>
      <Code label="Shell, with your own key in place of KEY" text={exampleCall(window.location.origin)} />
    </Panel>
  );
}
