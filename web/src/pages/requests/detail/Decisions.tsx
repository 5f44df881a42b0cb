import { Link } from "wouter";
import type { RequestView } from "@/api/schema";
import { Fact } from "@/parts/Fact";
import { Facts } from "@/parts/Facts";
import { Panel } from "@/parts/Panel";
import { Status } from "@/parts/Status";
import { useSession } from "@/session/useSession";
import styles from "./Decisions.module.css";
import { decisionsOf } from "./decisions";

/** Which rules it met on its way, and where it ended if one of them said no. */
export function Decisions({ request }: { request: RequestView }) {
  const { session } = useSession();
  return (
    <Panel title="Decisions">
      <Facts>
        {decisionsOf(request).map(({ step, tone, words, to }) => (
          <Fact key={step} name={step}>
            <div className={styles.decision}>
              <Status tone={tone}>
                {to === null || !session.is_admin ? words : <Link href={to}>{words}</Link>}
              </Status>
            </div>
          </Fact>
        ))}
      </Facts>
    </Panel>
  );
}
