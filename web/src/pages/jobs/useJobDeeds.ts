import { useMutation, useQueryClient } from "@tanstack/react-query";
import { api, said } from "@/api/client";
import type { Question } from "./question";
import { JOBS } from "./useJobs";

/** What can be done to jobs. */
export function useJobDeeds() {
  const queries = useQueryClient();
  const onSettled = () => queries.invalidateQueries({ queryKey: JOBS });
  const at = (run: string) => ({ params: { path: { run } } });
  return {
    retry: useMutation({
      mutationFn: (run: string) => said(api.POST("/api/jobs/{run}/retry", at(run))),
      onSettled,
    }),
    cancel: useMutation({
      mutationFn: (run: string) => said(api.POST("/api/jobs/{run}/cancel", at(run))),
      onSettled,
    }),
    prioritize: useMutation({
      mutationFn: ({ run, priority }: { run: string; priority: number }) =>
        said(api.PATCH("/api/jobs/{run}", { ...at(run), body: { priority } })),
      onSettled,
    }),
    /** Those that failed and match, as many as the gateway takes at a time. */
    retryAll: useMutation({
      mutationFn: ({ user, error, space }: Question) =>
        said(api.POST("/api/jobs/retry", { body: { user, error, ...space, dry_run: false } })),
      onSettled,
    }),
  };
}
