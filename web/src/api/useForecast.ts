import { useQuery } from "@tanstack/react-query";
import { useSpace } from "@/address/useSpace";
import { api, said } from "./client";

/** What the month will cost, of the workspace that is meant. */
export function useForecast() {
  const query = useSpace();
  return useQuery({
    queryKey: ["forecast", query],
    queryFn: () => said(api.GET("/api/reports/forecast", { params: { query } })),
    staleTime: 60_000,
  });
}
