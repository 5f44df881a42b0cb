import { useQuery } from "@tanstack/react-query";
import type { Space } from "@/address/space";
import { api, said } from "@/api/client";

const SOME = 500;
const of = (user: string) => ({ path: { user } });
const allOf = (user: string) => ({ ...of(user), query: { limit: SOME } });

/** The users, of one workspace if one is meant, newest first. */
export function useUsersOf(space: Space) {
  return useQuery({
    queryKey: ["users", "of", space],
    queryFn: ({ signal }) =>
      said(api.GET("/api/users", { params: { query: { limit: SOME, ...space } }, signal })),
  });
}

export function useUser(user: string) {
  return useQuery({
    queryKey: ["user", user],
    queryFn: ({ signal }) => said(api.GET("/api/users/{user}", { params: of(user), signal })),
  });
}

export function useTokens(user: string) {
  return useQuery({
    queryKey: ["user", user, "tokens"],
    queryFn: ({ signal }) => said(api.GET("/api/users/{user}/tokens", { params: allOf(user), signal })),
  });
}

export function useCredentialsOf(user: string) {
  return useQuery({
    queryKey: ["user", user, "credentials"],
    queryFn: ({ signal }) => said(api.GET("/api/users/{user}/credentials", { params: allOf(user), signal })),
  });
}
