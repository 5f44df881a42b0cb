import { useState } from "react";
import { href } from "@/address/href";
import type { JobView } from "@/api/schema";
import { count, duration } from "@/format/number";
import { Button } from "@/parts/Button";
import { CopyButton } from "@/parts/CopyButton";
import { Failure } from "@/parts/Failure";
import { Figure } from "@/parts/Figure";
import { Figures } from "@/parts/Figures";
import { LinkButton } from "@/parts/LinkButton";
import { Page } from "@/parts/Page";
import { useShortcut } from "@/shortcuts/useShortcut";
import { ChangePriority } from "./ChangePriority";
import styles from "./Job.module.css";
import { JobFacts } from "./JobFacts";
import { JobState } from "./JobState";
import { canBeRetried, errorOf, isUnderWay, isWaiting } from "./jobStatus";
import { useJobDeeds } from "./useJobDeeds";

export function Job({ job }: { job: JobView }) {
  const { retry, cancel } = useJobDeeds();
  const [isChanging, changePriority] = useState(false);
  useShortcut("y", "Copy the link", () => void navigator.clipboard.writeText(window.location.href));
  useShortcut("Escape", "Back", () => window.history.back());
  const failure = retry.error ?? cancel.error;
  const error = errorOf(job);
  return (
    <Page
      title={job.id}
      beside={<JobState status={job.status} />}
      actions={
        <>
          <CopyButton text={window.location.href} label="Copy link" />
          <LinkButton to={href("/requests", { run: job.id })} icon="requests">
            Its requests
          </LinkButton>
          {canBeRetried(job.status) && (
            <Button
              look="primary"
              icon="refresh"
              isDisabled={retry.isPending}
              onPress={() => retry.mutate(job.id)}
            >
              Retry
            </Button>
          )}
          {isWaiting(job.status) && (
            <Button icon="jobs" onPress={() => changePriority(true)}>
              Change priority
            </Button>
          )}
          {isUnderWay(job.status) && (
            <Button
              look="danger"
              icon="stop"
              isDisabled={cancel.isPending}
              onPress={() => cancel.mutate(job.id)}
            >
              Cancel
            </Button>
          )}
        </>
      }
    >
      {failure !== null && <Failure error={failure} />}
      {error !== null && (
        <p className={styles.error}>
          <code>{error.code}</code> {error.message}
        </p>
      )}
      <Figures>
        <Figure name="Attempt">{count(job.attempt)}</Figure>
        <Figure name="Failed attempts">{count(job.failures)}</Figure>
        <Figure name="Waited">{span(job.created_at, job.started_at) ?? "not begun"}</Figure>
        <Figure name="Last attempt took">{span(job.started_at, job.finished_at) ?? "not ended"}</Figure>
      </Figures>
      <JobFacts job={job} />
      <ChangePriority job={job} isOpen={isChanging} close={() => changePriority(false)} />
    </Page>
  );
}

function span(from: string | null, to: string | null): string | null {
  return from === null || to === null ? null : duration(Date.parse(to) - Date.parse(from));
}
