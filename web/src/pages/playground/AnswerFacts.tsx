import { Link } from "wouter";
import { count, counted, duration } from "@/format/number";
import { Money } from "@/parts/Money";
import { Status } from "@/parts/Status";
import styles from "./AnswerFacts.module.css";
import type { Told } from "./ask";

/** What an answer cost, how long it took and who gave it, with the way to all there is to know of it. */
export function AnswerFacts({ told }: { told: Told }) {
  const { answer, request, servedBy, attempts, firstWord_ms, lasted_ms } = told;
  const { usage, finish } = answer;
  return (
    <p className={styles.facts}>
      {servedBy !== null && <span>{servedBy}</span>}
      {attempts !== null && attempts > 1 && <Status tone="warn">{counted(attempts, "attempt")}</Status>}
      {usage !== null && (
        <>
          <span>
            {count(usage.input)} in, {count(usage.output)} out
          </span>
          <Money usd={usage.cost_usd} />
        </>
      )}
      {firstWord_ms !== null && <span>first word {duration(firstWord_ms)}</span>}
      <span>{duration(lasted_ms)}</span>
      {finish !== null && finish !== "stop" && <Status tone="warn">{finish}</Status>}
      {request !== null && <Link href={`/requests/${request}`}>Request</Link>}
    </p>
  );
}
