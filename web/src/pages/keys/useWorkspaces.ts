import { useQuery } from "@tanstack/react-query";
import { useCallback } from "react";
import { api, said } from "@/api/client";
import { shortId } from "@/format/id";

const SOME = 500;

export function useWorkspaces() {
  return useQuery({
    queryKey: ["workspaces"],
    queryFn: () => said(api.GET("/api/workspaces", { params: { query: { limit: SOME } } })),
    staleTime: 300_000,
  });
}

export function useWorkspaceName(): (id: string) => string {
  const { data } = useWorkspaces();
  return useCallback((id) => data?.data.find((one) => one.id === id)?.name ?? shortId(id), [data]);
}
