import { useUserName } from "@/api/names";
import styles from "./DeedFacts.module.css";
import { readFacts } from "./facts";

/** What is said of a deed, in one line or some. */
export function DeedFacts({ facts }: { facts: Readonly<Record<string, unknown>> }) {
  const nameOf = useUserName();
  const words = (text: string) => (text.startsWith("usr_") ? nameOf(text) : text);
  const said = readFacts(facts);
  if (said.length === 0) return null;
  return (
    <ul className={styles.facts}>
      {said.map(({ name, before, text }) => (
        <li key={name}>
          <span className={styles.name}>{name}</span>{" "}
          {before !== null && (
            <>
              <del>{words(before)}</del>
              <span className={styles.name}> → </span>
            </>
          )}
          {words(text)}
        </li>
      ))}
    </ul>
  );
}
