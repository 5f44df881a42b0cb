import styles from "./Checks.module.css";

interface Props {
  label: string;
  options: readonly { value: string; label: string }[];
  values: ReadonlySet<string>;
  choose: (values: ReadonlySet<string>) => void;
}

/** Any number of a few, in a form, all of them in sight. */
export function Checks({ label, options, values, choose }: Props) {
  const turn = (value: string) => {
    const next = new Set(values);
    if (!next.delete(value)) next.add(value);
    choose(next);
  };
  return (
    <fieldset className={styles.checks}>
      <legend>{label}</legend>
      <div className={styles.options}>
        {options.map((option) => (
          <label key={option.value} className={styles.option}>
            <input type="checkbox" checked={values.has(option.value)} onChange={() => turn(option.value)} />
            {option.label}
          </label>
        ))}
      </div>
    </fieldset>
  );
}
