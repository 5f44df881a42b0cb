import type { ReactNode } from "react";
import { Dialog } from "./Dialog";
import { Form } from "./Form";

interface Props {
  title: string;
  /** What the button says. */
  verb: string;
  isOpen: boolean;
  close: () => void;
  /** Does it; whoever asks closes the dialog when it is done. */
  send: () => void;
  isSending: boolean;
  error: Error | null;
  /** What comes of it. */
  children: ReactNode;
}

/** Asks once more before what cannot be taken back. */
export function Confirm({ title, verb, isOpen, close, send, isSending, error, children }: Props) {
  return (
    <Dialog title={title} isOpen={isOpen} close={close}>
      <Form verb={verb} send={send} isReady isSending={isSending} error={error} isDangerous>
        {children}
      </Form>
    </Dialog>
  );
}
