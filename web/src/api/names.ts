import { useQuery } from "@tanstack/react-query";
import { useCallback } from "react";
import { shortId } from "@/format/id";
import { useSession } from "@/session/useSession";
import { api, said } from "./client";
import type { UserView } from "./schema";

const SOME = 500;

/** The users, for whoever may see them; asked once in a while and shared by all pages. */
export function useUsers() {
  const { session } = useSession();
  return useQuery({
    queryKey: ["users"],
    queryFn: () => said(api.GET("/api/users", { params: { query: { limit: SOME } } })),
    enabled: session.is_admin,
    staleTime: 300_000,
  });
}

/** What a user is called; of one who is not known, enough of the id to tell it from others. */
export function useUserName(): (id: string) => string {
  const { data } = useUsers();
  return useCallback((id) => nameIn(data?.data ?? [], id), [data]);
}

function nameIn(users: readonly UserView[], id: string): string {
  return users.find((user) => user.id === id)?.name ?? shortId(id);
}
