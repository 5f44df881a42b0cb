import { useAddress } from "@/address/useAddress";
import { Empty } from "@/parts/Empty";
import { Loaded } from "@/parts/Loaded";
import { Panel } from "@/parts/Panel";
import { Waiting } from "@/parts/Waiting";
import { Branches } from "./Branches";
import { FailedRun } from "./FailedRun";
import { LiveRun } from "./LiveRun";
import { Turn } from "./Turn";
import { entriesOf } from "./turns";
import { useAnew, useMessages, useRuns } from "./useThread";

/** What was said on one branch, and what is being said. */
export function Thread({ id }: { id: string }) {
  const { search } = useAddress();
  const messages = useMessages(id, search.get("branch"));
  const runs = useRuns(id).data?.data ?? [];
  const anew = useAnew(id);
  return (
    <Panel flush title="Messages" aside={<Branches id={id} />}>
      <Loaded of={messages} waiting={<Waiting lines={8} />}>
        {({ data }) =>
          data.length === 0 ? (
            <Empty title="Nothing was said yet." />
          ) : (
            <ol>
              {entriesOf(data, runs).map((entry) => {
                if (entry.kind === "message") return <Turn key={entry.message.id} {...entry} />;
                if (entry.kind === "failed") return <FailedRun key={entry.run.id} run={entry.run} />;
                return <LiveRun key={entry.run.id} run={entry.run} ended={() => void anew()} />;
              })}
            </ol>
          )
        }
      </Loaded>
    </Panel>
  );
}
