import type { ReactNode } from "react";
import styles from "./Figures.module.css";

/** A row of `Figure`s. */
export function Figures({ children }: { children: ReactNode }) {
  return <dl className={styles.figures}>{children}</dl>;
}
