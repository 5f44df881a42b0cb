import { Instant } from "@/parts/Instant";
import { Status } from "@/parts/Status";
import { QUEUE, useQueues } from "./useQueues";

/** That no job begins, since when and why. */
export function QueuePaused() {
  const paused = useQueues().data?.data.find(({ name }) => name === QUEUE)?.paused;
  if (paused === undefined || paused === null) return null;
  return (
    <p>
      <Status tone="warn">
        The queue is paused since <Instant at={paused.at} far />
        {paused.reason !== null && `: ${paused.reason}`}
      </Status>
    </p>
  );
}
