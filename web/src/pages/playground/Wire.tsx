import { useState } from "react";
import { counted, duration } from "@/format/number";
import { CopyButton } from "@/parts/CopyButton";
import type { Heard } from "./ask";
import styles from "./Wire.module.css";

const SHOWN = 200;

/** The stream as it came, event by event, with the time of each. */
export function Wire({ heard }: { heard: readonly Heard[] }) {
  const [isOpen, open] = useState(false);
  const text = () => heard.map(eventOf).join("\n");
  return (
    <details className={styles.wire} onToggle={(event) => open(event.currentTarget.open)}>
      <summary>{counted(heard.length, "event")} as they came</summary>
      {isOpen && (
        <>
          <CopyButton text={text()} label="Copy all" />
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what can be scrolled must be reached by the keyboard */}
          <ol className={styles.events} tabIndex={0} aria-label="Events">
            {heard.slice(0, SHOWN).map((one, place) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: what was heard never changes its order
              <li key={place}>
                <span className={styles.time}>{duration(one.at_ms)}</span>
                <code>{one.event === null ? one.data : `${one.event}: ${one.data}`}</code>
              </li>
            ))}
          </ol>
          {heard.length > SHOWN && <p>The first {SHOWN} are shown. Copy for all.</p>}
        </>
      )}
    </details>
  );
}

/** As it stood on the wire. */
function eventOf({ event, data }: Heard): string {
  return `${event === null ? "" : `event: ${event}\n`}data: ${data}\n`;
}
