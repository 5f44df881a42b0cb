import { useQuery } from "@tanstack/react-query";
import { api, said } from "@/api/client";

/** What oneself has spent in the last thirty days. */
export function useOwnSpend() {
  return useQuery({
    queryKey: ["my-usage"],
    queryFn: ({ signal }) => said(api.GET("/api/me/usage", { signal })),
    staleTime: 60_000,
  });
}
