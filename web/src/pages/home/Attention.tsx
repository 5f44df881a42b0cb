import { Link } from "wouter";
import { useUserName } from "@/api/names";
import type { RequestTotals } from "@/api/schema";
import { Panel } from "@/parts/Panel";
import { Status } from "@/parts/Status";
import { Waiting } from "@/parts/Waiting";
import styles from "./Attention.module.css";
import { concernsOf } from "./attention";
import { useSeen } from "./useSeen";

/** What needs somebody, each with the way to it. */
export function Attention({ totals }: { totals: RequestTotals }) {
  const { isKnown, ...seen } = useSeen();
  const concerns = concernsOf({ ...seen, totals, nameOf: useUserName() });
  return (
    <Panel title="Needs attention">
      {!isKnown ? (
        <Waiting lines={3} />
      ) : concerns.length === 0 ? (
        <p className={styles.concerns}>
          <Status tone="good">Nothing. All is well.</Status>
        </p>
      ) : (
        <ul className={styles.concerns}>
          {concerns.map(({ tone, text, to }) => (
            <li key={text}>
              <Link href={to} className={styles.concern ?? ""}>
                <Status tone={tone}>{text}</Status>
              </Link>
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}
