import { useMutation, useQueryClient } from "@tanstack/react-query";
import { api, said } from "@/api/client";
import { Problem } from "@/api/problem";
import type { Question } from "./question";
import { JOBS, listJobs } from "./useJobs";

const AT_ONCE = 200;

export interface Retried {
  retried: number;
  /** Somebody else was faster, or it cannot be tried again. */
  refused: number;
}

/** What can be done to jobs. */
export function useJobDeeds() {
  const queries = useQueryClient();
  const onSettled = () => queries.invalidateQueries({ queryKey: JOBS });
  return {
    retry: useMutation({ mutationFn: retry, onSettled }),
    cancel: useMutation({
      mutationFn: (run: string) => said(api.POST("/api/jobs/{run}/cancel", { params: { path: { run } } })),
      onSettled,
    }),
    retryAll: useMutation({ mutationFn: retryAll, onSettled }),
  };
}

function retry(run: string) {
  return said(api.POST("/api/jobs/{run}/retry", { params: { path: { run } } }));
}

/** All that failed and match, a page at a time; those that fail again meanwhile are newer, and are left. */
async function retryAll(question: Question): Promise<Retried> {
  const failed = { ...question, status: "failed" } as const;
  const outcome = { retried: 0, refused: 0 };
  let after: string | null = null;
  do {
    const page = await listJobs(failed, after, AT_ONCE);
    for (const job of page.data) outcome[await outcomeOf(job.id)] += 1;
    after = page.has_more === true ? (page.last_id ?? null) : null;
  } while (after !== null);
  return outcome;
}

async function outcomeOf(run: string): Promise<keyof Retried> {
  try {
    await retry(run);
    return "retried";
  } catch (error) {
    if (error instanceof Problem && error.status === 409) return "refused";
    throw error;
  }
}
