import { useMutation, useQueryClient } from "@tanstack/react-query";
import { api, said } from "@/api/client";

/** What can be done about a provider. Other processes follow within seconds. */
export function useProviderDeeds() {
  const queries = useQueryClient();
  const onSettled = () => queries.invalidateQueries({ queryKey: ["providers"] });
  const at = (provider: string) => ({ params: { path: { provider } } });
  return {
    pause: useMutation({
      mutationFn: ({ provider, reason }: { provider: string; reason: string | null }) =>
        said(api.POST("/api/providers/{provider}/pause", { ...at(provider), body: { reason } })),
      onSettled,
    }),
    resume: useMutation({
      mutationFn: (provider: string) => said(api.POST("/api/providers/{provider}/resume", at(provider))),
      onSettled,
    }),
    reset: useMutation({
      mutationFn: (provider: string) => said(api.POST("/api/providers/{provider}/reset", at(provider))),
      onSettled,
    }),
  };
}
