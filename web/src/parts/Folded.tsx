import type { ReactNode } from "react";
import styles from "./Folded.module.css";

/** What few want to read, behind its title. */
export function Folded({ title, children }: { title: string; children: ReactNode }) {
  return (
    <details className={styles.folded}>
      <summary>{title}</summary>
      <div className={styles.inside}>{children}</div>
    </details>
  );
}
