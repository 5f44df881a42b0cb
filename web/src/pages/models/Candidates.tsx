import type { RouteView } from "@/api/schema";
import { percent } from "@/format/number";
import styles from "./Candidates.module.css";

/** The models behind a route, best first; of a weighted one with how much each gets. */
export function Candidates({ route }: { route: RouteView }) {
  const total = route.weights.reduce((sum, weight) => sum + weight, 0);
  return (
    <ol className={styles.candidates}>
      {route.candidates.map((model, place) => (
        <li key={model} className={styles.candidate}>
          {model}
          {route.strategy === "weighted" && total > 0 && (
            <span className={styles.weight}>{percent((route.weights[place] ?? 0) / total)}</span>
          )}
        </li>
      ))}
    </ol>
  );
}
