import styles from "./BudgetLegend.module.css";
import { PORTIONS } from "./PortionBar";

/** What the colours of the bars mean. */
export function BudgetLegend() {
  return (
    <ul className={styles.legend} aria-label="In the bars">
      {PORTIONS.map(({ name, shade }) => (
        <li key={name}>
          <span className={styles.square} data-shade={shade} />
          {name}
        </li>
      ))}
    </ul>
  );
}
