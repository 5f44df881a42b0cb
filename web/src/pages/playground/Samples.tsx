import { Button } from "@/parts/Button";
import { Empty } from "@/parts/Empty";
import styles from "./Samples.module.css";

const SAMPLES = [
  "Explain a toll bridge to a child, in three sentences.",
  "Write a haiku about a gateway.",
  "List the planets as a table, with their diameters.",
];

/** Words to begin with. */
export function Samples({ choose }: { choose: (words: string) => void }) {
  return (
    <Empty title="Ask a model, through this gateway.">
      <p>It goes the way of every call: limits, budgets and guards hold, and it stands in the request log.</p>
      <ul className={styles.samples}>
        {SAMPLES.map((words) => (
          <li key={words}>
            <Button onPress={() => choose(words)}>{words}</Button>
          </li>
        ))}
      </ul>
    </Empty>
  );
}
