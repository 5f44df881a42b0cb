import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, call, said } from "@/api/client";
import type { Value } from "./value";

const KEY = ["settings"];

export function useSettings() {
  return useQuery({ queryKey: KEY, queryFn: ({ signal }) => said(api.GET("/api/settings", { signal })) });
}

/** Changes one setting, or takes its change back. */
export function useSettingDeeds() {
  const queries = useQueryClient();
  const onSuccess = () => queries.invalidateQueries({ queryKey: KEY });
  return {
    set: useMutation({
      mutationFn: ({ name, value }: { name: string; value: Value }) =>
        said(api.PATCH("/api/settings", { body: { [name]: value } })),
      onSuccess,
    }),
    reset: useMutation({
      mutationFn: (name: string) => call(`/api/settings/${encodeURIComponent(name)}`, { method: "DELETE" }),
      onSuccess,
    }),
  };
}
