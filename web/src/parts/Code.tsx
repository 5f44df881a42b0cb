import styles from "./Code.module.css";
import { CopyButton } from "./CopyButton";

/** Something to be copied or read letter by letter. */
export function Code({ text, label }: { text: string; label?: string }) {
  return (
    <figure className={styles.code}>
      <figcaption className={styles.head}>
        {label}
        <CopyButton text={text} />
      </figcaption>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what can be scrolled must be reached by the keyboard */}
      <pre className={styles.text} tabIndex={0}>
        {text}
      </pre>
    </figure>
  );
}
