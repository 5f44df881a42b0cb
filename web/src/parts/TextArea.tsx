import { type TextareaHTMLAttributes, useId } from "react";
import styles from "./Field.module.css";

interface Props extends Omit<TextareaHTMLAttributes<HTMLTextAreaElement>, "className"> {
  label: string;
}

/** Lines to be written, and what they are for. */
export function TextArea({ label, ...input }: Props) {
  const id = useId();
  return (
    <div className={styles.field}>
      <label htmlFor={id} className={styles.label}>
        {label}
      </label>
      <textarea id={id} className={styles.area} rows={5} spellCheck={false} {...input} />
    </div>
  );
}
