import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import type { Space } from "@/address/space";
import { api, call, said } from "@/api/client";
import type { CredentialChange, NewCredential } from "@/api/schema";

const KEY = ["credentials"];
const SOME = 500;

/** The keys of providers, those of one workspace if one is meant. */
export function useCredentials(space: Space) {
  return useQuery({
    queryKey: [...KEY, SOME, space],
    queryFn: ({ signal }) =>
      said(api.GET("/api/credentials", { params: { query: { limit: SOME, ...space } }, signal })),
  });
}

/** What can be done to a key; afterwards all that is known of keys is asked anew. */
export function useCredentialDeeds() {
  const queries = useQueryClient();
  const onSettled = () =>
    Promise.all([
      queries.invalidateQueries({ queryKey: KEY }),
      queries.invalidateQueries({ queryKey: ["providers"] }),
    ]);
  const at = (credential: string) => ({ params: { path: { credential } } });
  return {
    add: useMutation({
      mutationFn: ({ user, ...body }: NewCredential & { user: string }) =>
        said(api.POST("/api/users/{user}/credentials", { params: { path: { user } }, body })),
      onSettled,
    }),
    verify: useMutation({
      mutationFn: (id: string) => said(api.POST("/api/credentials/{credential}/verify", at(id))),
      onSettled,
    }),
    change: useMutation({
      mutationFn: ({ id, ...body }: CredentialChange & { id: string }) =>
        said(api.PATCH("/api/credentials/{credential}", { ...at(id), body })),
      onSettled,
    }),
    rotate: useMutation({
      mutationFn: ({ id, api_key }: { id: string; api_key: string }) =>
        said(api.POST("/api/credentials/{credential}/rotate", { ...at(id), body: { api_key } })),
      onSettled,
    }),
    remove: useMutation({
      mutationFn: (id: string) => call(`/api/credentials/${id}`, { method: "DELETE" }),
      onSettled,
    }),
  };
}
