import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, said } from "@/api/client";
import { JOBS } from "./useJobs";

/** The only queue there is. */
export const QUEUE = "turns";

/** How many jobs wait, and whether any may begin. */
export function useQueues() {
  return useQuery({
    queryKey: [...JOBS, "queues"],
    queryFn: ({ signal }) => said(api.GET("/api/jobs/queues", { signal })),
    refetchInterval: 10_000,
  });
}

/** What can be done to a queue. */
export function useQueueDeeds(queue: string) {
  const queries = useQueryClient();
  const onSettled = () => queries.invalidateQueries({ queryKey: JOBS });
  const at = { params: { path: { queue } } };
  return {
    pause: useMutation({
      mutationFn: (reason: string | null) =>
        said(api.POST("/api/jobs/queues/{queue}/pause", { ...at, body: { reason } })),
      onSettled,
    }),
    resume: useMutation({
      mutationFn: () => said(api.POST("/api/jobs/queues/{queue}/resume", at)),
      onSettled,
    }),
  };
}
