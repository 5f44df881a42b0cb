import { useMutation } from "@tanstack/react-query";
import { api, said } from "@/api/client";
import type { RunView } from "@/api/schema";
import { Markdown } from "@/markdown/Markdown";
import { Button } from "@/parts/Button";
import { Failure } from "@/parts/Failure";
import { Status } from "@/parts/Status";
import styles from "./Turn.module.css";
import { useLiveRun } from "./useLiveRun";

/** An answer as it is being given, by whichever process. */
export function LiveRun({ run, ended }: { run: RunView; ended: () => void }) {
  const { heard, error } = useLiveRun(run.id, ended);
  const cancel = useMutation({
    mutationFn: () => said(api.POST("/api/runs/{run}/cancel", { params: { path: { run: run.id } } })),
  });
  const failure = error ?? cancel.error;
  return (
    <li className={styles.turn} data-role="assistant">
      <header className={styles.head}>
        <span className={styles.role}>assistant</span>
        <Status tone="busy">{heard.text === "" ? run.status : "answering"}</Status>
        <span className={styles.beside}>
          <Button look="quiet" icon="stop" isDisabled={cancel.isPending} onPress={() => cancel.mutate()}>
            Stop
          </Button>
        </span>
      </header>
      {failure !== null && <Failure error={failure} />}
      {/* Read aloud once it is whole, and not word by word. */}
      <div role="log" aria-busy={!heard.hasEnded}>
        <Markdown text={heard.text} />
      </div>
    </li>
  );
}
