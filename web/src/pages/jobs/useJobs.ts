import { keepPreviousData, useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useSpace } from "@/address/useSpace";
import { api, said } from "@/api/client";
import type { ListingJobView } from "@/api/schema";
import { isUnderWay, type JobStatus } from "./jobStatus";
import { type Question, queryOf } from "./question";

const PAGE = 50;
const COUNTED = 200;

export const JOBS = ["jobs"];

/** The jobs that are asked for, newest first, a page at a time. */
export function useJobs(question: Question) {
  const query = useInfiniteQuery({
    queryKey: [...JOBS, "list", question],
    queryFn: ({ pageParam, signal }) => listJobs(question, pageParam, PAGE, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => (page.has_more === true ? page.last_id : null),
    placeholderData: keepPreviousData,
    staleTime: Number.POSITIVE_INFINITY,
  });
  return { ...query, rows: query.data?.pages.flatMap((page) => page.data) ?? [] };
}

/** All jobs of one status, as many as are counted here, the oldest first. */
export function useJobsOf(status: JobStatus) {
  const space = useSpace();
  return useQuery({
    queryKey: [...JOBS, "of", status, space],
    queryFn: ({ signal }) => {
      const query = { status, limit: COUNTED, order: "asc", ...space } as const;
      return said(api.GET("/api/jobs", { params: { query }, signal }));
    },
    refetchInterval: 10_000,
  });
}

/** One job, looked at again while it is under way. */
export function useJob(run: string) {
  return useQuery({
    queryKey: [...JOBS, "one", run],
    queryFn: ({ signal }) => said(api.GET("/api/jobs/{run}", { params: { path: { run } }, signal })),
    refetchInterval: ({ state }) =>
      state.data !== undefined && isUnderWay(state.data.status) ? 2_000 : false,
  });
}

export function listJobs(
  question: Question,
  after: string | null,
  limit: number,
  signal?: AbortSignal,
): Promise<ListingJobView> {
  const query = { ...queryOf(question), limit, ...(after !== null && { after }) };
  return said(api.GET("/api/jobs", { params: { query }, ...(signal !== undefined && { signal }) }));
}
