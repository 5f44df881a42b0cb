import { useQueries } from "@tanstack/react-query";
import { useSpace } from "@/address/useSpace";
import { api, said } from "@/api/client";
import { UNUSED_DAYS } from "./attention";

const SOME = 200;
const DAY_MS = 86_400_000;

/** What may need somebody: budgets, keys, tokens, providers, queues and alerts that did not arrive. Empty until it is known. */
export function useSeen() {
  const space = useSpace();
  const within = space.workspace === undefined ? {} : { within: space.workspace };
  const [budgets, credentials, tokens, providers, queues, failed, webhooks] = useQueries({
    queries: [
      {
        queryKey: ["budgets", SOME, within],
        queryFn: () => said(api.GET("/api/budgets", { params: { query: { limit: SOME, ...within } } })),
      },
      {
        queryKey: ["credentials", SOME, space],
        queryFn: () => said(api.GET("/api/credentials", { params: { query: { limit: SOME, ...space } } })),
      },
      {
        queryKey: ["tokens", "unused", space],
        queryFn: () => {
          const since = new Date(Date.now() - UNUSED_DAYS * DAY_MS).toISOString();
          const query = { state: "active", unused_since: since, limit: SOME, ...space } as const;
          return said(api.GET("/api/tokens", { params: { query } }));
        },
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
    isKnown: [budgets, credentials, tokens, providers, queues, failed, webhooks].every(
      (query) => query.data !== undefined,
    ),
    budgets: budgets.data?.data ?? [],
    credentials: credentials.data?.data ?? [],
    providers: providers.data?.data ?? [],
    unusedTokens: tokens.data?.data ?? [],
    queues: queues.data?.data ?? [],
    failedDeliveries: failed.data?.data ?? [],
    webhooks: webhooks.data?.data ?? [],
  };
}
