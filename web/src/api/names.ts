import { useQuery } from "@tanstack/react-query";
import { useCallback } from "react";
import { shortId } from "@/format/id";
import { useSession } from "@/session/useSession";
import { api, said } from "./client";

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

/** The workspaces, likewise. */
export function useWorkspaces() {
  const { session } = useSession();
  return useQuery({
    queryKey: ["workspaces"],
    queryFn: () => said(api.GET("/api/workspaces", { params: { query: { limit: SOME } } })),
    enabled: session.is_admin,
    staleTime: 300_000,
  });
}

/** What a user is called; of one who is not known, enough of the id to tell it from others. */
export function useUserName(): NameOf {
  return useNameIn(useUsers().data?.data);
}

export function useWorkspaceName(): NameOf {
  return useNameIn(useWorkspaces().data?.data);
}

/** What a token is called, of the latest. */
export function useTokenName(): NameOf {
  const { session } = useSession();
  const { data } = useQuery({
    queryKey: ["tokens", "names"],
    queryFn: () => said(api.GET("/api/tokens", { params: { query: { limit: SOME, order: "desc" } } })),
    enabled: session.is_admin,
    staleTime: 300_000,
  });
  return useNameIn(data?.data);
}

type NameOf = (id: string) => string;

function useNameIn(known: readonly { id: string; name: string }[] | undefined): NameOf {
  return useCallback((id) => known?.find((one) => one.id === id)?.name ?? shortId(id), [known]);
}
