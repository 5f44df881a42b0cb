import { keepPreviousData, useInfiniteQuery, useQuery } from "@tanstack/react-query";
import type { Space } from "@/address/space";
import { api, said } from "@/api/client";
import type { TokensAsked } from "./tokensAsked";

const PAGE = 50;
const DAY_MS = 86_400_000;

/** Everybody's tokens, or those that are asked for, newest first, a page at a time. */
export function useAllTokens({ state, unused }: TokensAsked, space: Space) {
  const query = useInfiniteQuery({
    queryKey: ["tokens", "list", state, unused, space],
    queryFn: ({ pageParam, signal }) => {
      const query = {
        limit: PAGE,
        order: "desc" as const,
        ...space,
        ...(state !== null && { state }),
        ...(unused !== null && { unused_since: new Date(Date.now() - unused * DAY_MS).toISOString() }),
        ...(pageParam !== null && { after: pageParam }),
      };
      return said(api.GET("/api/tokens", { params: { query }, signal }));
    },
    initialPageParam: null as string | null,
    getNextPageParam: (page) => (page.has_more === true ? page.last_id : null),
    placeholderData: keepPreviousData,
  });
  return { ...query, rows: query.data?.pages.flatMap((page) => page.data) ?? [] };
}

export function useToken(token: string) {
  return useQuery({
    queryKey: ["tokens", "one", token],
    queryFn: ({ signal }) => said(api.GET("/api/tokens/{token}", { params: { path: { token } }, signal })),
  });
}
