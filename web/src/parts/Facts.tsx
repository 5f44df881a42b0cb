import type { ReactNode } from "react";
import styles from "./Facts.module.css";

/** A list of `Fact`s. */
export function Facts({ children }: { children: ReactNode }) {
  return <dl className={styles.facts}>{children}</dl>;
}
