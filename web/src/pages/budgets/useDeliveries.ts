import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, said } from "@/api/client";

const KEY = ["deliveries"];
const SOME = 50;

export type DeliveryStatus = "pending" | "delivered" | "failed";

/** What came of telling, newest first. */
export function useDeliveries(status: DeliveryStatus | null) {
  return useQuery({
    queryKey: [...KEY, SOME, status],
    queryFn: ({ signal }) =>
      said(
        api.GET("/api/deliveries", {
          params: { query: status === null ? { limit: SOME } : { limit: SOME, status } },
          signal,
        }),
      ),
  });
}

export function useResend() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (delivery: string) =>
      said(api.POST("/api/deliveries/{delivery}/resend", { params: { path: { delivery } } })),
    onSuccess: () => queries.invalidateQueries({ queryKey: KEY }),
  });
}
