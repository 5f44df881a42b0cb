import { useQuery } from "@tanstack/react-query";
import { Link } from "wouter";
import { href } from "@/address/href";
import { api, said } from "@/api/client";
import { useUserName } from "@/api/names";
import type { JobView } from "@/api/schema";
import { Fact } from "@/parts/Fact";
import { Facts } from "@/parts/Facts";
import { Instant } from "@/parts/Instant";
import { Panel } from "@/parts/Panel";
import { useSession } from "@/session/useSession";

/** Who asked for it, and when it did what. What is said in it only its user can see. */
export function JobFacts({ job }: { job: JobView }) {
  const { session } = useSession();
  const nameOf = useUserName();
  const own = useQuery({
    queryKey: ["run", job.id],
    queryFn: ({ signal }) => said(api.GET("/api/runs/{run}", { params: { path: { run: job.id } }, signal })),
    enabled: session.user === job.user,
  });
  return (
    <Panel title="Circumstances">
      <Facts>
        <Fact name="User">
          <Link href={href("/keys", { user: job.user })}>{nameOf(job.user)}</Link>
        </Fact>
        <Fact name="Model">
          <Link href={href("/requests", { model: job.model })}>{job.model}</Link>
        </Fact>
        <Fact name="Conversation">
          {own.data && <Link href={`/conversations/${own.data.conversation}`}>{own.data.conversation}</Link>}
        </Fact>
        <Fact name="Priority">{`${job.priority} of 9`}</Fact>
        <Fact name="Asked for">
          <Instant at={job.created_at} />
        </Fact>
        <Fact name="Last begun">{job.started_at && <Instant at={job.started_at} />}</Fact>
        <Fact name="Next attempt">{job.next_try_at && <Instant at={job.next_try_at} />}</Fact>
        <Fact name="Ended">{job.finished_at && <Instant at={job.finished_at} />}</Fact>
        <Fact name="Worker">{job.worker && <code>{job.worker}</code>}</Fact>
      </Facts>
    </Panel>
  );
}
