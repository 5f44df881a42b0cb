import { useQuery } from "@tanstack/react-query";
import { api, said } from "@/api/client";
import { count } from "@/format/number";
import { Tile } from "./Tile";

const SOME = 100;

/** How many jobs wait, and how many failed for good. */
export function JobsTile() {
  const waiting = useJobs("queued");
  const failed = useJobs("failed");
  return (
    <Tile
      name="Jobs waiting"
      to={failed === "0" ? "/jobs" : "/jobs?status=failed"}
      beside={failed && `${failed} failed`}
    >
      {waiting ?? "…"}
    </Tile>
  );
}

function useJobs(status: "queued" | "failed"): string | null {
  const jobs = useQuery({
    queryKey: ["jobs-count", status],
    queryFn: ({ signal }) =>
      said(api.GET("/api/jobs", { params: { query: { status, limit: SOME } }, signal })),
    staleTime: 15_000,
  });
  if (jobs.data === undefined) return null;
  return `${count(jobs.data.data.length)}${jobs.data.has_more === true ? "+" : ""}`;
}
