import type { Shade } from "@/charts/bar";
import styles from "./PortionBar.module.css";
import type { Portion, PortionName } from "./portions";

export const PORTIONS: readonly { name: PortionName; shade: Shade }[] = [
  { name: "spent", shade: 1 },
  { name: "held", shade: 2 },
  { name: "unconfirmed", shade: 3 },
];

/** A budget as a length. The words beside it say the same. */
export function PortionBar({ portions, isUsedUp }: { portions: readonly Portion[]; isUsedUp: boolean }) {
  const shadeOf = (name: PortionName): Shade =>
    isUsedUp && name === "spent" ? "bad" : (PORTIONS.find((one) => one.name === name)?.shade ?? 1);
  return (
    <div className={styles.track} aria-hidden="true">
      {portions
        .filter((portion) => portion.share > 0)
        .map((portion) => (
          <span
            key={portion.name}
            className={styles.portion}
            data-shade={shadeOf(portion.name)}
            style={{ width: `${100 * portion.share}%` }}
          />
        ))}
    </div>
  );
}
