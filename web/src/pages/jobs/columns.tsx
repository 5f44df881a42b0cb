import type { JobView } from "@/api/schema";
import { shortId } from "@/format/id";
import { Button } from "@/parts/Button";
import { Instant } from "@/parts/Instant";
import type { Column } from "@/parts/Table";
import { JobState } from "./JobState";
import { canBeRetried, errorOf, isUnderWay } from "./jobStatus";

interface Told {
  nameOf: (user: string) => string;
  retry: (run: string) => void;
  cancel: (run: string) => void;
}

/** What the list says of each job. */
export function columnsOf({ nameOf, retry, cancel }: Told): readonly Column<JobView>[] {
  return [
    { name: "at", head: "Asked", cell: (job) => <Instant at={job.created_at} /> },
    { name: "status", head: "State", cell: (job) => <JobState status={job.status} /> },
    { name: "model", head: "Model", cell: (job) => job.model },
    { name: "user", head: "User", cell: (job) => nameOf(job.user) },
    { name: "attempt", head: "Attempt", isNumber: true, cell: (job) => job.attempt },
    { name: "priority", head: "Priority", isNumber: true, isExtra: true, cell: (job) => job.priority },
    { name: "next", head: "Next", cell: nextOf },
    { name: "error", head: "Error", isWide: true, cell: (job) => errorOf(job)?.message },
    { name: "id", head: "Id", isExtra: true, cell: (job) => <code>{shortId(job.id)}</code> },
    {
      name: "deed",
      head: "Change",
      cell: (job) => (
        <>
          {canBeRetried(job.status) && (
            <Button look="quiet" aria-label={`Retry ${job.id}`} onPress={() => retry(job.id)}>
              Retry
            </Button>
          )}
          {isUnderWay(job.status) && (
            <Button look="quiet" aria-label={`Cancel ${job.id}`} onPress={() => cancel(job.id)}>
              Cancel
            </Button>
          )}
        </>
      ),
    },
  ];
}

function nextOf(job: JobView) {
  if (!isUnderWay(job.status) || job.next_try_at === null) return null;
  return <Instant at={job.next_try_at} far />;
}
