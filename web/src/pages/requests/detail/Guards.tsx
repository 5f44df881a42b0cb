import type { RequestView } from "@/api/schema";
import { percent } from "@/format/number";
import { Panel } from "@/parts/Panel";
import { Status, type Tone } from "@/parts/Status";
import styles from "./Guards.module.css";

const TONES: Readonly<Record<string, Tone>> = {
  allow: "good",
  flag: "warn",
  block: "bad",
  unavailable: "bad",
};

/** What the operator's guards said of what was asked and answered; not there where they were not asked. */
export function Guards({ request }: { request: RequestView }) {
  if (request.guards.length === 0) return null;
  return (
    <Panel title="Guards">
      <ul className={styles.verdicts}>
        {request.guards.map((guard) => (
          <li key={`${guard.side}${guard.by}`}>
            <Status tone={TONES[guard.verdict] ?? "idle"}>
              {guard.by.replaceAll("_", " ")} on the {guard.side}: {guard.verdict}
              {guard.verdict !== "allow" && !guard.acts && " (nothing came of it)"}
            </Status>
            {(guard.reasons ?? []).length > 0 && <p>{guard.reasons?.join(", ")}</p>}
            {Object.entries(guard.scores ?? {}).map(([category, score]) => (
              <p key={category}>
                {category}: {percent(score)}
              </p>
            ))}
          </li>
        ))}
      </ul>
    </Panel>
  );
}
