import { Link } from "wouter";
import type { RunView } from "@/api/schema";
import { Instant } from "@/parts/Instant";
import { Status } from "@/parts/Status";
import styles from "./Turn.module.css";

/** A turn that came to no answer, and why. */
export function FailedRun({ run }: { run: RunView }) {
  return (
    <li className={styles.turn} data-role="assistant">
      <header className={styles.head}>
        <span className={styles.role}>no answer</span>
        <Status tone={run.status === "failed" ? "bad" : "idle"}>{run.error?.code ?? run.status}</Status>
        <span className={styles.beside}>
          <Instant at={run.finished_at ?? run.created_at} />
          {run.request !== null && <Link href={`/requests/${run.request}`}>Request</Link>}
        </span>
      </header>
      {run.error !== null && <p>{run.error.message}</p>}
    </li>
  );
}
