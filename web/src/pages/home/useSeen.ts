import { useQueries } from "@tanstack/react-query";
import { api, said } from "@/api/client";

const SOME = 200;

/** What may need somebody: budgets, keys, providers, queues and alerts that did not arrive. Empty until it is known. */
export function useSeen() {
  const [budgets, credentials, providers, queues, failed, webhooks] = useQueries({
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
      { queryKey: ["jobs", "queues"], queryFn: () => said(api.GET("/api/jobs/queues")) },
      {
        queryKey: ["deliveries", "failed"],
        queryFn: () =>
          said(api.GET("/api/deliveries", { params: { query: { status: "failed", limit: SOME } } })),
      },
      {
        queryKey: ["webhooks", SOME],
        queryFn: () => said(api.GET("/api/webhooks", { params: { query: { limit: SOME } } })),
      },
    ],
  });
  return {
    isKnown: [budgets, credentials, providers, queues, failed, webhooks].every(
      (query) => query.data !== undefined,
    ),
    budgets: budgets.data?.data ?? [],
    credentials: credentials.data?.data ?? [],
    providers: providers.data?.data ?? [],
    queues: queues.data?.data ?? [],
    failedDeliveries: failed.data?.data ?? [],
    webhooks: webhooks.data?.data ?? [],
  };
}
