import { type KeyboardEvent, useId } from "react";
import { Button } from "@/parts/Button";
import field from "@/parts/Field.module.css";
import { Attachments } from "./Attachments";
import type { Attached } from "./attached";
import styles from "./Composer.module.css";

interface Props {
  typed: string;
  type: (words: string) => void;
  files: readonly Attached[];
  attach: (files: readonly Attached[]) => void;
  /** Null while it cannot be said. */
  say: ((words: string) => void) | null;
  stop: (() => void) | null;
}

/** What one says next: Enter sends it, with Shift it is a new line. */
export function Composer({ typed, type, files, attach, say, stop }: Props) {
  const id = useId();
  const isEmpty = typed.trim() === "" && files.length === 0;
  const send = () => {
    if (say !== null && !isEmpty) say(typed.trim());
  };
  const hear = (event: KeyboardEvent) => {
    if (event.key !== "Enter" || event.shiftKey || event.nativeEvent.isComposing) return;
    event.preventDefault();
    send();
  };
  return (
    <div className={styles.composer}>
      <label htmlFor={id} className="visually-hidden">
        Message
      </label>
      <textarea
        id={id}
        className={field.area}
        rows={3}
        placeholder="Say something. Enter sends it."
        value={typed}
        onChange={(event) => type(event.target.value)}
        onKeyDown={hear}
      />
      {stop === null ? (
        <Button look="primary" icon="play" isDisabled={say === null || isEmpty} onPress={send}>
          Send
        </Button>
      ) : (
        <Button look="danger" icon="stop" onPress={stop}>
          Stop
        </Button>
      )}
      <Attachments files={files} attach={attach} />
    </div>
  );
}
