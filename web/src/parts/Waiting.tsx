import styles from "./Waiting.module.css";

const LINES = Array.from({ length: 20 }, (_, line) => line);

/** Holds the place of what is on its way, as high as that will be, so that nothing jumps. */
export function Waiting({ lines = 3, height }: { lines?: number; height?: number }) {
  return (
    <div
      className={styles.waiting}
      role="status"
      style={height === undefined ? undefined : { minHeight: height }}
    >
      <span className="visually-hidden">Loading</span>
      {height === undefined &&
        LINES.slice(0, lines).map((line) => <span key={line} className={styles.line} />)}
    </div>
  );
}
