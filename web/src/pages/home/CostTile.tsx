import type { RequestsReport } from "@/api/schema";
import { useForecast } from "@/api/useForecast";
import { Money } from "@/parts/Money";
import { Tile } from "./Tile";

/** What it cost, and what the month will come to. */
export function CostTile({ report }: { report: RequestsReport }) {
  const forecast = useForecast();
  return (
    <Tile
      name="Cost"
      to="/spend"
      beside={
        forecast.data && (
          <>
            <Money usd={forecast.data.spent_usd} /> this month, <Money usd={forecast.data.forecast_usd} /> by
            its end
          </>
        )
      }
      trend={report.buckets.map((bucket) => Number(bucket.cost_usd))}
    >
      <Money usd={report.totals.cost_usd} />
    </Tile>
  );
}
