import { Problem } from "@/api/problem";
import { Button } from "./Button";
import styles from "./Failure.module.css";
import { Icon } from "./Icon";

/** A call that failed, in the gateway's own words, with what the reader may try. */
export function Failure({ error, retry }: { error: Error; retry?: () => void }) {
  const requestId = error instanceof Problem ? error.requestId : null;
  return (
    <div className={styles.failure} role="alert">
      <Icon name="warning" />
      <div>
        <p>{error.message}</p>
        {requestId !== null && <p className={styles.id}>{requestId}</p>}
      </div>
      {retry !== undefined && (
        <Button icon="refresh" onPress={retry}>
          Try again
        </Button>
      )}
    </div>
  );
}
