import { useState } from "react";
import { useAddress } from "@/address/useAddress";
import { useUserName } from "@/api/names";
import { Button } from "@/parts/Button";
import { Failure } from "@/parts/Failure";
import { LoadMore } from "@/parts/LoadMore";
import { Page } from "@/parts/Page";
import { Panel } from "@/parts/Panel";
import { Table } from "@/parts/Table";
import { Waiting } from "@/parts/Waiting";
import { columnsOf } from "./columns";
import { Errors } from "./Errors";
import { JobFilters } from "./JobFilters";
import { NoJobs } from "./NoJobs";
import { QueueFigures } from "./QueueFigures";
import { QueuePaused } from "./QueuePaused";
import { QueueSwitch } from "./QueueSwitch";
import { readQuestion } from "./question";
import { RetryAll } from "./RetryAll";
import { useJobDeeds } from "./useJobDeeds";
import { useJobs } from "./useJobs";

/** Whether work flows: what waits, what failed and why, and to try it again. */
export default function JobsPage() {
  const { search, change } = useAddress();
  const question = readQuestion(search);
  const nameOf = useUserName();
  const { rows, error, isPending, hasNextPage, isFetchingNextPage, ...jobs } = useJobs(question);
  const { retry, cancel } = useJobDeeds();
  const [isRetrying, retryAll] = useState(false);
  const failure = error ?? retry.error ?? cancel.error;
  return (
    <Page
      title="Jobs"
      actions={
        <>
          {question.status === "failed" && rows.length > 0 && (
            <Button icon="refresh" onPress={() => retryAll(true)}>
              Retry all of these
            </Button>
          )}
          <QueueSwitch />
          <Button icon="refresh" onPress={() => void jobs.refetch()}>
            Refresh
          </Button>
        </>
      }
    >
      <QueuePaused />
      <QueueFigures />
      <JobFilters question={question} change={(values) => change(values, { push: true })} />
      {question.status === "failed" && <Errors chosen={question.error} />}
      {failure !== null && <Failure error={failure} />}
      <Panel flush>
        {isPending ? (
          <Waiting lines={8} />
        ) : rows.length === 0 ? (
          error === null && (
            <NoJobs
              isFiltered={[question.status, question.user, question.error].some((value) => value !== null)}
              clear={() => change({ status: null, user: null, error: null })}
            />
          )
        ) : (
          <Table
            caption="Jobs, newest first"
            columns={columnsOf({ nameOf, retry: retry.mutate, cancel: cancel.mutate })}
            rows={rows}
            keyOf={(job) => job.id}
            to={(job) => `/jobs/${job.id}`}
          />
        )}
      </Panel>
      {hasNextPage && <LoadMore isLoading={isFetchingNextPage} load={() => void jobs.fetchNextPage()} />}
      <RetryAll question={question} isOpen={isRetrying} close={() => retryAll(false)} />
    </Page>
  );
}
