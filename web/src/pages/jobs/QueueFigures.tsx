import { Figures } from "@/parts/Figures";
import { Instant } from "@/parts/Instant";
import { QueueFigure } from "./QueueFigure";
import { useJobsOf } from "./useJobs";

/** The queue as a whole. */
export function QueueFigures() {
  const waiting = useJobsOf("queued");
  // Those that were told to wait are not late.
  const oldest = waiting.data?.data.find((job) => job.next_try_at === null);
  return (
    <Figures>
      <QueueFigure status="queued" name="Waiting">
        {oldest === undefined ? (
          "none that could begin"
        ) : (
          <>
            the oldest from <Instant at={oldest.created_at} far />
          </>
        )}
      </QueueFigure>
      <QueueFigure status="running" name="Running">
        now
      </QueueFigure>
      <QueueFigure status="retrying" name="To be tried again">
        by themselves
      </QueueFigure>
      <QueueFigure status="failed" name="Failed">
        for good
      </QueueFigure>
    </Figures>
  );
}
