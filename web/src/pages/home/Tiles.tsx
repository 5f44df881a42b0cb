import { href } from "@/address/href";
import { carriedRange } from "@/address/range";
import { useAddress } from "@/address/useAddress";
import type { RequestsReport } from "@/api/schema";
import { count, duration, percent } from "@/format/number";
import { Money } from "@/parts/Money";
import { wordsOf } from "../requests/outcome";
import { CostTile } from "./CostTile";
import { FullestBudget } from "./FullestBudget";
import { JobsTiles } from "./JobsTiles";
import { Tile } from "./Tile";
import styles from "./Tiles.module.css";

interface Props {
  report: RequestsReport;
  ofAll: boolean;
}

/** How it is: how much, how well, how fast, how dear. */
export function Tiles({ report, ofAll }: Props) {
  const { totals, buckets } = report;
  const { search } = useAddress();
  const range = Object.fromEntries(carriedRange(search));
  const requests = href("/requests", range);
  const reason = report.facets.outcome.find(({ value }) => value !== "succeeded")?.value;
  const told = (value: number | null) => (value === null ? "none yet" : duration(value));
  return (
    <div className={styles.tiles}>
      <Tile name="Requests" to={requests} trend={buckets.map((bucket) => bucket.succeeded + bucket.failed)}>
        {report.sampled && "≈ "}
        {count(totals.requests)}
      </Tile>
      <Tile
        name="Failed"
        to={href("/requests", { ...range, outcome: reason ?? null })}
        beside={`${count(totals.failed)} of them${reason === undefined ? "" : `, most ${wordsOf(reason)}`}`}
        trend={buckets.map((bucket) => bucket.failed)}
      >
        {totals.requests === 0 ? "none yet" : percent(totals.failed / totals.requests)}
      </Tile>
      <Tile
        name="Latency"
        to={requests}
        beside={totals.p95_ms === null ? null : `95 % within ${duration(totals.p95_ms)}`}
        trend={buckets.flatMap((bucket) => bucket.p50_ms ?? [])}
      >
        {told(totals.p50_ms)}
      </Tile>
      <Tile name="First token" to={requests} beside="half of them within">
        {told(totals.time_to_first_token_p50_ms)}
      </Tile>
      {ofAll ? (
        <>
          <CostTile report={report} />
          <FullestBudget />
          <JobsTiles />
        </>
      ) : (
        <Tile name="Cost" to="/spend">
          <Money usd={totals.cost_usd} />
        </Tile>
      )}
    </div>
  );
}
