import type { Shade } from "@/charts/bar";
import { percent } from "@/format/number";
import styles from "./Share.module.css";

/** A part of a whole, as a length and as a number. */
export function Share({ share, shade = 1 }: { share: number; shade?: Shade }) {
  return (
    <span className={styles.share}>
      <span className={styles.track} aria-hidden="true">
        <span
          className={styles.part}
          data-shade={shade}
          style={{ width: `${Math.min(100, 100 * share)}%` }}
        />
      </span>
      <span className={styles.number}>{percent(share)}</span>
    </span>
  );
}
