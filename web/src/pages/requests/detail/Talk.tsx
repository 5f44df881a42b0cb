import { Empty } from "@/parts/Empty";
import styles from "./Talk.module.css";
import type { Said } from "./talk";

/** Who said what, in turn. */
export function Talk({ said }: { said: readonly Said[] }) {
  if (said.length === 0)
    return (
      <Empty title="There is nothing here to be read as a talk. Look at the request and the response." />
    );
  return (
    <ol className={styles.talk}>
      {said.map(({ role, text }, place) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: what was said never changes its order
        <li key={`${place}${role}`} className={styles.said} data-role={role}>
          <p className={styles.role}>{role}</p>
          <p className={styles.text}>{text}</p>
        </li>
      ))}
    </ol>
  );
}
