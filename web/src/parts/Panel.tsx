import { type ReactNode, useId } from "react";
import styles from "./Panel.module.css";

interface Props {
  title?: string;
  /** At the right of the title. */
  aside?: ReactNode;
  /** Without a margin inside: for tables, which reach the edge. */
  flush?: boolean;
  children: ReactNode;
}

/** Something on the page that belongs together. */
export function Panel({ title, aside, flush = false, children }: Props) {
  const id = useId();
  return (
    <section className={styles.panel} aria-labelledby={title === undefined ? undefined : id}>
      {title !== undefined && (
        <header className={styles.head}>
          <h2 id={id}>{title}</h2>
          {aside !== undefined && <div className={styles.aside}>{aside}</div>}
        </header>
      )}
      <div className={flush ? styles.flush : styles.body}>{children}</div>
    </section>
  );
}
