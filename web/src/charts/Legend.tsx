import type { Shade } from "./bar";
import styles from "./Legend.module.css";

export interface LegendEntry {
  shade: Shade;
  label: string;
}

/** Which shade stands for what. */
export function Legend({ entries }: { entries: readonly LegendEntry[] }) {
  return (
    <ul className={styles.legend}>
      {entries.map((entry) => (
        <li key={entry.shade}>
          <span className={styles.dot} data-shade={entry.shade} />
          {entry.label}
        </li>
      ))}
    </ul>
  );
}
