import { useId } from "react";
import { Button } from "@/parts/Button";
import { TextArea } from "@/parts/TextArea";
import styles from "./JsonArea.module.css";

interface Props {
  label: string;
  /** JSON, to begin with. */
  example: string;
  /** What is wrong with the text, or null. */
  complaint: string | null;
  text: string;
  write: (text: string) => void;
}

/** JSON to be written, and what is wrong with it. */
export function JsonArea({ label, example, complaint, text, write }: Props) {
  const id = useId();
  const isEmpty = text.trim() === "";
  const tidy = () => write(JSON.stringify(JSON.parse(isEmpty ? example : text), null, 2));
  return (
    <div className={styles.json}>
      <TextArea
        label={label}
        rows={isEmpty ? 1 : 8}
        placeholder="none; JSON"
        aria-invalid={complaint !== null}
        aria-describedby={id}
        value={text}
        onChange={(event) => write(event.target.value)}
      />
      <p id={id} className={styles.complaint} aria-live="polite">
        {complaint}
      </p>
      <Button look="quiet" isDisabled={complaint !== null} onPress={tidy}>
        {isEmpty ? `An example of ${label.toLowerCase()}` : "Indent"}
      </Button>
    </div>
  );
}
