import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, call, said } from "@/api/client";
import type { NewWebhook, WebhookChange } from "@/api/schema";

const KEY = ["webhooks"];
const SOME = 200;

export function useWebhooks() {
  return useQuery({
    queryKey: KEY,
    queryFn: ({ signal }) => said(api.GET("/api/webhooks", { params: { query: { limit: SOME } }, signal })),
  });
}

/** What can be done to endpoints. */
export function useWebhookDeeds() {
  const queries = useQueryClient();
  const onSuccess = () =>
    Promise.all([
      queries.invalidateQueries({ queryKey: KEY }),
      queries.invalidateQueries({ queryKey: ["deliveries"] }),
    ]);
  const at = (webhook: string) => ({ params: { path: { webhook } } });
  return {
    // What these two answer holds the secret, which is to be forgotten with the dialog that shows it.
    add: useMutation({
      mutationFn: (body: NewWebhook) => said(api.POST("/api/webhooks", { body })),
      onSuccess,
      gcTime: 0,
    }),
    rotate: useMutation({
      mutationFn: (id: string) => said(api.POST("/api/webhooks/{webhook}/rotate", at(id))),
      onSuccess,
      gcTime: 0,
    }),
    change: useMutation({
      mutationFn: ({ id, ...body }: WebhookChange & { id: string }) =>
        said(api.PATCH("/api/webhooks/{webhook}", { ...at(id), body })),
      onSuccess,
    }),
    ping: useMutation({
      mutationFn: (id: string) => said(api.POST("/api/webhooks/{webhook}/ping", at(id))),
      onSuccess,
    }),
    remove: useMutation({
      mutationFn: (id: string) => call(`/api/webhooks/${id}`, { method: "DELETE" }),
      onSuccess,
    }),
  };
}
