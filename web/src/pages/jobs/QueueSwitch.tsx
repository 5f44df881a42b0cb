import { useState } from "react";
import { Button } from "@/parts/Button";
import { PauseDialog } from "@/parts/PauseDialog";
import { QUEUE, useQueueDeeds, useQueues } from "./useQueues";

/** Holds the queue up, or lets it go on. */
export function QueueSwitch() {
  const queue = useQueues().data?.data.find(({ name }) => name === QUEUE);
  const { pause, resume } = useQueueDeeds(QUEUE);
  const [isAsking, ask] = useState(false);
  if (queue === undefined) return null;
  if (queue.paused !== null) {
    return (
      <Button look="primary" icon="play" isDisabled={resume.isPending} onPress={() => resume.mutate()}>
        Resume the queue
      </Button>
    );
  }
  const close = () => ask(false);
  return (
    <>
      <Button icon="stop" onPress={() => ask(true)}>
        Pause the queue
      </Button>
      <PauseDialog
        title="Pause the queue"
        isOpen={isAsking}
        close={close}
        send={(reason) => pause.mutate(reason, { onSuccess: close })}
        isSending={pause.isPending}
        error={pause.error}
      >
        <p>No job begins until somebody resumes it. What runs comes to its end, what is asked for waits.</p>
      </PauseDialog>
    </>
  );
}
