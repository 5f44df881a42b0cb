import { Link } from "wouter";
import styles from "./BarsTable.module.css";
import type { Bar } from "./bar";

/** The bars of a chart as a list to be opened: the same words, the same links. */
export function BarsTable({ bars }: { bars: readonly Bar[] }) {
  return (
    <details className={styles.table}>
      <summary>As a list</summary>
      <ul className={styles.rows}>
        {bars.map((bar) => (
          <li key={bar.key}>
            <Link href={bar.to}>{bar.words}</Link>
          </li>
        ))}
      </ul>
    </details>
  );
}
