import type { ReactNode } from "react";
import { Link } from "wouter";
import styles from "./Figures.module.css";

interface Props {
  name: string;
  /** The rows behind the number. */
  to?: string;
  /** What it is to be compared with. */
  beside?: ReactNode;
  children: ReactNode;
}

/** A number that matters, large. */
export function Figure({ name, to, beside, children }: Props) {
  return (
    <div className={styles.figure}>
      <dt>{name}</dt>
      <dd className={styles.value}>
        {to === undefined ? (
          children
        ) : (
          <Link href={to} className={styles.link ?? ""}>
            {children}
          </Link>
        )}
      </dd>
      {beside !== undefined && <dd className={styles.beside}>{beside}</dd>}
    </div>
  );
}
