import type { ReactNode } from "react";
import styles from "./Folded.module.css";

interface Props {
  title: string;
  /** Told whenever it is opened or closed. */
  whenTurned?: (isOpen: boolean) => void;
  children: ReactNode;
}

/** What few want to read, behind its title. */
export function Folded({ title, whenTurned, children }: Props) {
  return (
    <details className={styles.folded} onToggle={(event) => whenTurned?.(event.currentTarget.open)}>
      <summary>{title}</summary>
      <div className={styles.inside}>{children}</div>
    </details>
  );
}
