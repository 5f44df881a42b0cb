import type { ReactNode } from "react";
import { Link } from "wouter";
import { Sparkline } from "@/charts/Sparkline";
import styles from "./Tile.module.css";

interface Props {
  name: string;
  to: string;
  beside?: ReactNode;
  /** How it went lately. */
  trend?: readonly number[];
  children: ReactNode;
}

/** One number that says how it is, with the way to what is behind it. */
export function Tile({ name, to, beside, trend, children }: Props) {
  return (
    <Link href={to} className={styles.tile ?? ""}>
      <span className={styles.name}>{name}</span>
      <span className={styles.value}>{children}</span>
      <span className={styles.beside}>{beside}</span>
      <span className={styles.trend}>{trend !== undefined && <Sparkline values={trend} />}</span>
    </Link>
  );
}
