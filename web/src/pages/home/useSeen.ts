import { useQueries } from "@tanstack/react-query";
import { api, said } from "@/api/client";

const SOME = 200;

/** What may need somebody: budgets, keys, providers, jobs that wait and alerts that did not arrive. Empty until it is
 * known. */
export function useSeen() {
  const [budgets, credentials, providers, failed, webhooks, jobs] = useQueries({
    queries: [
      {
        queryKey: ["budgets", SOME],
        queryFn: () => said(api.GET("/api/budgets", { params: { query: { limit: SOME } } })),
      },
      {
        queryKey: ["credentials", SOME],
        queryFn: () => said(api.GET("/api/credentials", { params: { query: { limit: SOME } } })),
      },
      { queryKey: ["providers"], queryFn: () => said(api.GET("/api/providers")) },
      {
        queryKey: ["deliveries", "failed"],
        queryFn: () =>
          said(api.GET("/api/deliveries", { params: { query: { status: "failed", limit: SOME } } })),
      },
      {
        queryKey: ["webhooks", SOME],
        queryFn: () => said(api.GET("/api/webhooks", { params: { query: { limit: SOME } } })),
      },
      {
        queryKey: ["waiting-jobs"],
        queryFn: () =>
          said(api.GET("/api/jobs", { params: { query: { status: "queued", limit: SOME, order: "asc" } } })),
      },
    ],
  });
  return {
    isKnown: [budgets, credentials, providers, failed, webhooks, jobs].every(
      (query) => query.data !== undefined,
    ),
    budgets: budgets.data?.data ?? [],
    credentials: credentials.data?.data ?? [],
    providers: providers.data?.data ?? [],
    failedDeliveries: failed.data?.data ?? [],
    webhooks: webhooks.data?.data ?? [],
    waitingJobs: jobs.data?.data ?? [],
  };
}
