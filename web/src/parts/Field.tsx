import type { InputHTMLAttributes, Ref } from "react";
import { useId } from "react";
import styles from "./Field.module.css";

interface Props extends Omit<InputHTMLAttributes<HTMLInputElement>, "className"> {
  label: string;
  ref?: Ref<HTMLInputElement>;
}

/** A line to be written, and what it is for. */
export function Field({ label, ...input }: Props) {
  const id = useId();
  return (
    <div className={styles.field}>
      <label htmlFor={id} className={styles.label}>
        {label}
      </label>
      <input id={id} className={styles.input} spellCheck={false} autoComplete="off" {...input} />
    </div>
  );
}
