import { counted } from "@/format/number";
import { Button } from "@/parts/Button";
import { Dialog } from "@/parts/Dialog";
import { Form } from "@/parts/Form";
import form from "@/parts/Form.module.css";
import type { Question } from "./question";
import { useJobDeeds } from "./useJobDeeds";

interface Props {
  question: Question;
  isOpen: boolean;
  close: () => void;
}

/** Tries all that failed and match the filters again, and says what came of it. */
export function RetryAll({ question, isOpen, close }: Props) {
  return (
    <Dialog title="Retry all of these" isOpen={isOpen} close={close}>
      <Steps question={question} close={close} />
    </Dialog>
  );
}

function Steps({ question, close }: { question: Question; close: () => void }) {
  const { retryAll } = useJobDeeds();
  if (retryAll.data !== undefined) {
    const { count, has_more } = retryAll.data;
    return (
      <div className={form.form}>
        <p role="status">
          {counted(count, "job")} will be tried again.
          {has_more && " There are more: once these are under way, retry the rest."}
        </p>
        <div className={form.foot}>
          <Button look="primary" onPress={close}>
            Good
          </Button>
        </div>
      </div>
    );
  }
  return (
    <Form
      verb={retryAll.isPending ? "Retrying" : "Retry all"}
      send={() => retryAll.mutate(question)}
      isReady
      isSending={retryAll.isPending}
      error={retryAll.error}
    >
      <p>
        Every failed job that matches the filters is queued anew, also those further down than the list shows.
        Each may cost as much as its first attempts did.
      </p>
    </Form>
  );
}
