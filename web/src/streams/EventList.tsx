import { duration } from "@/format/number";
import { CopyButton } from "@/parts/CopyButton";
import styles from "./EventList.module.css";

/** An event of a stream; when it came is only known of those that one heard oneself. */
export interface Heard {
  at_ms: number | null;
  event: string | null;
  data: string;
}

const SHOWN = 200;

/** A stream as it stood on the wire, event by event. */
export function EventList({ heard }: { heard: readonly Heard[] }) {
  return (
    <>
      <CopyButton text={heard.map(eventOf).join("\n")} label="Copy all" />
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what can be scrolled must be reached by the keyboard */}
      <ol className={styles.events} tabIndex={0} aria-label="Events">
        {heard.slice(0, SHOWN).map((one, place) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: what was heard never changes its order
          <li key={place}>
            <span className={styles.time}>{one.at_ms === null ? place + 1 : duration(one.at_ms)}</span>
            <code>{one.event === null ? one.data : `${one.event}: ${one.data}`}</code>
          </li>
        ))}
      </ol>
      {heard.length > SHOWN && <p>The first {SHOWN} are shown. Copy for all.</p>}
    </>
  );
}

function eventOf({ event, data }: Heard): string {
  return `${event === null ? "" : `event: ${event}\n`}data: ${data}\n`;
}
