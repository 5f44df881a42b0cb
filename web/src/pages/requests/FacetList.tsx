import type { FacetValue } from "@/api/schema";
import { count } from "@/format/number";
import styles from "./FacetList.module.css";

const SHOWN = 6;

interface Props {
  title: string;
  values: readonly FacetValue[];
  labelOf: (value: string) => string;
  chosen: string | null;
  choose: (value: string | null) => void;
}

/** The commonest values of one column. */
export function FacetList({ title, values, labelOf, chosen, choose }: Props) {
  const most = Math.max(1, ...values.map((value) => value.count));
  return (
    <div className={styles.list}>
      <h2 className={styles.title}>{title}</h2>
      {values.slice(0, SHOWN).map(({ value, count: number }) => (
        <button
          key={value}
          type="button"
          className={styles.value}
          aria-pressed={value === chosen}
          onClick={() => choose(value === chosen ? null : value)}
        >
          <span className={styles.length} style={{ width: `${(100 * number) / most}%` }} />
          <span className={styles.name} title={value}>
            {labelOf(value)}
          </span>
          <span className={styles.count}>{count(number)}</span>
        </button>
      ))}
    </div>
  );
}
