import type { FormEvent, ReactNode } from "react";
import { Button } from "./Button";
import { Failure } from "./Failure";
import styles from "./Form.module.css";

interface Props {
  /** What its button says. */
  verb: string;
  send: () => void;
  isReady: boolean;
  isSending: boolean;
  error: Error | null;
  isDangerous?: boolean;
  children: ReactNode;
}

/** Fields, and one button that sends them. */
export function Form({ verb, send, isReady, isSending, error, isDangerous = false, children }: Props) {
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (isReady && !isSending) send();
  };
  return (
    <form className={styles.form} onSubmit={submit}>
      {children}
      {error !== null && <Failure error={error} />}
      <div className={styles.foot}>
        <Button type="submit" look={isDangerous ? "danger" : "primary"} isDisabled={!isReady || isSending}>
          {verb}
        </Button>
      </div>
    </form>
  );
}
