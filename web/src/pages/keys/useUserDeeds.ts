import { useMutation, useQueryClient } from "@tanstack/react-query";
import { api, said } from "@/api/client";
import type { Limits, NewUser } from "@/api/schema";

/** What can be done to users; afterwards all that is known of them is asked anew. */
export function useUserDeeds() {
  const queries = useQueryClient();
  const onSuccess = () =>
    Promise.all([
      queries.invalidateQueries({ queryKey: ["users"] }),
      queries.invalidateQueries({ queryKey: ["user"] }),
    ]);
  const at = (user: string) => ({ params: { path: { user } } });
  return {
    create: useMutation({
      mutationFn: (body: NewUser) => said(api.POST("/api/users", { body })),
      onSuccess,
    }),
    disable: useMutation({
      mutationFn: (user: string) => said(api.POST("/api/users/{user}/disable", at(user))),
      onSuccess,
    }),
    enable: useMutation({
      mutationFn: (user: string) => said(api.POST("/api/users/{user}/enable", at(user))),
      onSuccess,
    }),
    limit: useMutation({
      mutationFn: ({ user, ...body }: Limits & { user: string }) =>
        said(api.PUT("/api/users/{user}/limits", { ...at(user), body })),
      onSuccess,
    }),
  };
}
