import { useQuery } from "@tanstack/react-query";
import { api, said } from "@/api/client";

/** Every provider, and how it was in the last hour. */
export function useProviders() {
  return useQuery({
    queryKey: ["providers"],
    queryFn: ({ signal }) => said(api.GET("/api/providers", { signal })),
    staleTime: 30_000,
  });
}
