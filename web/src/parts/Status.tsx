import type { ReactNode } from "react";
import styles from "./Status.module.css";

export type Tone = "good" | "warn" | "bad" | "idle" | "busy";

/** Each tone has a shape of its own, so that nobody needs the colour. */
const SHAPES: Record<Tone, string> = {
  good: "M5 1.5a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7Z",
  warn: "M5 1 9 8.5H1Z",
  bad: "M1.5 5 5 1.5 8.5 5 5 8.5Z",
  idle: "M2 4.25h6v1.5H2Z",
  busy: "M5 1.5a3.5 3.5 0 0 1 0 7ZM5 2.25a2.75 2.75 0 1 0 0 5.5V7a2 2 0 1 1 0-4Z",
};

/** How something stands: a shape, a colour and a word. */
export function Status({
  tone,
  children,
  badge = false,
}: {
  tone: Tone;
  children: ReactNode;
  badge?: boolean;
}) {
  return (
    <span className={`${styles.status} ${styles[tone]} ${badge ? styles.badge : ""}`}>
      <svg width="10" height="10" viewBox="0 0 10 10" aria-hidden="true">
        <path d={SHAPES[tone]} />
      </svg>
      {children}
    </span>
  );
}
