import { useMutation, useQueryClient } from "@tanstack/react-query";
import { api, said } from "@/api/client";

/** Brings a deleted conversation back. */
export function useRestore() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (conversation: string) =>
      said(api.POST("/api/conversations/{conversation}/restore", { params: { path: { conversation } } })),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["conversations"] }),
  });
}
