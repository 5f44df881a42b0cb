import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, said } from "@/api/client";

const KEY = ["holds"];
const SOME = 200;

/** The money set aside for calls whose end is unknown. */
export function useHolds() {
  return useQuery({
    queryKey: KEY,
    queryFn: ({ signal }) => said(api.GET("/api/holds", { params: { query: { limit: SOME } }, signal })),
  });
}

export function useRelease() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (hold: string) => said(api.POST("/api/holds/{hold}/release", { params: { path: { hold } } })),
    onSuccess: () =>
      Promise.all([
        queries.invalidateQueries({ queryKey: KEY }),
        queries.invalidateQueries({ queryKey: ["budgets"] }),
      ]),
  });
}
