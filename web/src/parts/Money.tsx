import { exactUsd, usd } from "@/format/money";
import styles from "./Money.module.css";

/** An amount of money, exact for whoever looks closer. What has no known price is said to be unknown, and is never $0.00. */
export function Money({
  usd: amount,
  isEstimated = false,
}: {
  usd: string | bigint | null;
  isEstimated?: boolean;
}) {
  if (amount === null) {
    return (
      <span className={styles.unknown} title="No price is known for this model.">
        unpriced
      </span>
    );
  }
  const exact = exactUsd(amount);
  return (
    <data value={exact} title={isEstimated ? `${exact}, estimated` : exact}>
      {isEstimated && "≈ "}
      {usd(amount)}
    </data>
  );
}
