import { useMutation, useQueryClient } from "@tanstack/react-query";
import { api, call, said } from "@/api/client";
import type { NewToken } from "@/api/schema";

/** What can be done to a user's tokens. */
export function useTokenDeeds(user: string) {
  const queries = useQueryClient();
  const onSuccess = () =>
    Promise.all([
      queries.invalidateQueries({ queryKey: ["user", user, "tokens"] }),
      queries.invalidateQueries({ queryKey: ["tokens"] }),
    ]);
  return {
    create: useMutation({
      mutationFn: (body: NewToken) =>
        said(api.POST("/api/users/{user}/tokens", { params: { path: { user } }, body })),
      onSuccess,
      // It holds the token itself, which is to be forgotten with the dialog that shows it.
      gcTime: 0,
    }),
    revoke: useMutation({
      mutationFn: (token: string) => call(`/api/tokens/${token}`, { method: "DELETE" }),
      onSuccess,
    }),
  };
}
