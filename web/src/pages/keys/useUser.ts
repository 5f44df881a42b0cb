import { useQuery } from "@tanstack/react-query";
import { api, said } from "@/api/client";

const SOME = 500;
const of = (user: string) => ({ path: { user } });
const allOf = (user: string) => ({ ...of(user), query: { limit: SOME } });

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
