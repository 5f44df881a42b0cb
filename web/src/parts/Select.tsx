import { useId } from "react";
import styles from "./Field.module.css";

interface Props {
  label: string;
  options: readonly { value: string; label: string }[];
  value: string;
  choose: (value: string) => void;
}

/** One of many, in a form: the browser's own list, which telephones show best. */
export function Select({ label, options, value, choose }: Props) {
  const id = useId();
  return (
    <div className={styles.field}>
      <label htmlFor={id} className={styles.label}>
        {label}
      </label>
      <select id={id} className={styles.input} value={value} onChange={(event) => choose(event.target.value)}>
        {options.map((option) => (
          <option key={option.value} value={option.value}>
            {option.label}
          </option>
        ))}
      </select>
    </div>
  );
}
