import { Instant } from "@/parts/Instant";
import { Panel } from "@/parts/Panel";
import { Status } from "@/parts/Status";
import { QUEUE, useQueues } from "./useQueues";

/** That no job begins, since when and why. */
export function QueuePaused() {
  const paused = useQueues().data?.data.find(({ name }) => name === QUEUE)?.paused;
  if (paused === undefined || paused === null) return null;
  return (
    <Panel>
      <Status tone="warn">The queue is paused</Status>
      <p>
        Since <Instant at={paused.at} />
        {paused.reason !== null && `: ${paused.reason}`}
      </p>
    </Panel>
  );
}
