import { type ReactNode, useState } from "react";
import { Dialog } from "./Dialog";
import { Field } from "./Field";
import { Form } from "./Form";

interface Props {
  title: string;
  isOpen: boolean;
  close: () => void;
  /** Pauses it; whoever asks closes the dialog when it is done. */
  send: (reason: string | null) => void;
  isSending: boolean;
  error: Error | null;
  /** What comes of it. */
  children: ReactNode;
}

/** Asks why, before something is paused. */
export function PauseDialog({ title, isOpen, close, ...rest }: Props) {
  return (
    <Dialog title={title} isOpen={isOpen} close={close}>
      <Why {...rest} />
    </Dialog>
  );
}

function Why({ send, isSending, error, children }: Omit<Props, "title" | "isOpen" | "close">) {
  const [reason, write] = useState("");
  return (
    <Form verb="Pause" send={() => send(reason.trim() || null)} isReady isSending={isSending} error={error}>
      {children}
      <Field
        label="Why, if you like"
        maxLength={200}
        value={reason}
        onChange={(event) => write(event.target.value)}
      />
    </Form>
  );
}
