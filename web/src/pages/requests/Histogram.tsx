import { href } from "@/address/href";
import type { RequestBucket, RequestsReport } from "@/api/schema";
import { Bars } from "@/charts/Bars";
import type { Bar } from "@/charts/bar";
import { count, counted, duration, shortCount } from "@/format/number";
import { clock, day } from "@/format/time";
import type { Filters } from "./filters";

interface Props {
  report: RequestsReport;
  filters: Filters;
}

const DAY_S = 86_400;

/** How many came and failed, over time. */
export function Histogram({ report, filters }: Props) {
  const bars = report.buckets.map((bucket) => barOf(bucket, report.bucket_s, filters));
  return (
    <div>
      <Bars
        bars={bars}
        write={shortCount}
        height={104}
        legend={[
          { shade: "good", label: "succeeded" },
          { shade: "bad", label: "failed" },
        ]}
      />
    </div>
  );
}

function barOf(bucket: RequestBucket, bucket_s: number, filters: Filters): Bar {
  const at = new Date(bucket.at);
  const label = bucket_s >= DAY_S / 4 ? day(at, at) : clock(at).slice(0, 5);
  const end = new Date(at.getTime() + bucket_s * 1000);
  return {
    key: bucket.at,
    label,
    words: wordsOf(bucket, `${day(at, at)}, ${clock(at).slice(0, 5)}`),
    parts: [
      { shade: "good" as const, size: bucket.succeeded },
      { shade: "bad" as const, size: bucket.failed },
    ].filter((part) => part.size > 0),
    to: href("/requests", { ...filters, from: bucket.at, to: end.toISOString() }),
  };
}

function wordsOf({ succeeded, failed, p50_ms, p95_ms }: RequestBucket, when: string): string {
  const told = [`${when}: ${counted(succeeded + failed, "request")}`];
  if (failed > 0) told.push(`${count(failed)} failed`);
  if (p50_ms !== null && p95_ms !== null)
    told.push(`half within ${duration(p50_ms)}, 95 % within ${duration(p95_ms)}`);
  return told.join("  ·  ");
}
