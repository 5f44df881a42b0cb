import { useQuery } from "@tanstack/react-query";
import { useSpace } from "@/address/useSpace";
import { api, said } from "@/api/client";
import { count } from "@/format/number";
import { Tile } from "./Tile";

const SOME = 100;

/** How many jobs wait, and how many failed for good: a number each, with the way to them. */
export function JobsTiles() {
  return (
    <>
      <Tile name="Jobs waiting" to="/jobs?status=queued" beside="for a worker">
        {useJobs("queued") ?? "…"}
      </Tile>
      <Tile name="Jobs failed" to="/jobs?status=failed" beside="for good">
        {useJobs("failed") ?? "…"}
      </Tile>
    </>
  );
}

function useJobs(status: "queued" | "failed"): string | null {
  const space = useSpace();
  const jobs = useQuery({
    queryKey: ["jobs-count", status, space],
    queryFn: ({ signal }) =>
      said(api.GET("/api/jobs", { params: { query: { status, limit: SOME, ...space } }, signal })),
    staleTime: 15_000,
  });
  if (jobs.data === undefined) return null;
  return `${count(jobs.data.data.length)}${jobs.data.has_more === true ? "+" : ""}`;
}
