import { useState } from "react";
import type { JobView } from "@/api/schema";
import { Dialog } from "@/parts/Dialog";
import { Form } from "@/parts/Form";
import { Select } from "@/parts/Select";
import { useJobDeeds } from "./useJobDeeds";

const USUAL = 5;
const OPTIONS = Array.from({ length: 10 }, (_, index) => 9 - index).map((priority) => ({
  value: String(priority),
  label: priority === USUAL ? `${priority}, as usual` : String(priority),
}));

interface Props {
  job: JobView;
  isOpen: boolean;
  close: () => void;
}

/** Lets a job that waits overtake others, or be overtaken. */
export function ChangePriority({ job, isOpen, close }: Props) {
  return (
    <Dialog title="Change the priority" isOpen={isOpen} close={close}>
      <Choose job={job} done={close} />
    </Dialog>
  );
}

function Choose({ job, done }: { job: JobView; done: () => void }) {
  const { prioritize } = useJobDeeds();
  const [priority, choose] = useState(String(job.priority));
  return (
    <Form
      verb="Change"
      send={() => prioritize.mutate({ run: job.id, priority: Number(priority) }, { onSuccess: done })}
      isReady={priority !== String(job.priority)}
      isSending={prioritize.isPending}
      error={prioritize.error}
    >
      <p>The highest goes first among those of its workspace; of equals, whoever came first.</p>
      <Select label="Priority" options={OPTIONS} value={priority} choose={choose} />
    </Form>
  );
}
