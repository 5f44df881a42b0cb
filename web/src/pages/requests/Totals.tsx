import { Link } from "wouter";
import type { RequestTotals } from "@/api/schema";
import { count, counted, duration, percent } from "@/format/number";
import { Money } from "@/parts/Money";
import type { Filters } from "./filters";
import styles from "./Totals.module.css";

interface Props {
  totals: RequestTotals;
  isSampled: boolean;
  /** The same requests, and of these those with one more filter. */
  narrowed: (filters: Filters) => string;
}

/** What all of it comes to, in one line. */
export function Totals({ totals, isSampled, narrowed }: Props) {
  const { requests, failed, p50_ms, p95_ms, unpriced } = totals;
  return (
    <ul className={styles.totals}>
      <li>
        {isSampled && "about "}
        {counted(requests, "request")}
      </li>
      {requests > 0 && (
        <li>
          <Link href={narrowed({ failed: "true" })}>{percent(failed / requests)} failed</Link>
        </li>
      )}
      {p50_ms !== null && <li>half within {duration(p50_ms)}</li>}
      {p95_ms !== null && <li>95 % within {duration(p95_ms)}</li>}
      <li>
        <Money usd={totals.cost_usd} />
      </li>
      {unpriced > 0 && (
        <li>
          <Link href={narrowed({ cost_status: "unpriced" })}>{count(unpriced)} without a price</Link>
        </li>
      )}
    </ul>
  );
}
