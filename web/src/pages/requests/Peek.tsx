import type { RequestView } from "@/api/schema";
import { Button } from "@/parts/Button";
import { LinkButton } from "@/parts/LinkButton";
import { Attempts } from "./detail/Attempts";
import { Circumstances } from "./detail/Circumstances";
import styles from "./Peek.module.css";
import { RequestStatus } from "./RequestStatus";

interface Props {
  request: RequestView;
  close: () => void;
}

/** A row of the log, looked at without leaving it. */
export function Peek({ request, close }: Props) {
  return (
    <aside className={styles.peek} aria-label="The chosen request">
      <header className={styles.head}>
        <RequestStatus request={request} />
        <span className={styles.buttons}>
          <LinkButton to={`/requests/${request.id}/replay`} icon="refresh">
            Replay
          </LinkButton>
          <LinkButton to={`/requests/${request.id}`} icon="right">
            Open
          </LinkButton>
          <Button look="quiet" icon="close" aria-label="Close" onPress={close} />
        </span>
      </header>
      {request.error?.message && <p className={styles.error}>{request.error.message}</p>}
      <Attempts request={request} />
      <Circumstances request={request} />
    </aside>
  );
}
