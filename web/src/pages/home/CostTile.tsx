import { useQuery } from "@tanstack/react-query";
import { api, said } from "@/api/client";
import type { RequestsReport } from "@/api/schema";
import { Money } from "@/parts/Money";
import { Tile } from "./Tile";

/** What it cost, and what the month will come to. */
export function CostTile({ report }: { report: RequestsReport }) {
  const forecast = useQuery({
    queryKey: ["forecast"],
    queryFn: () => said(api.GET("/api/reports/forecast")),
    staleTime: 60_000,
  });
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
