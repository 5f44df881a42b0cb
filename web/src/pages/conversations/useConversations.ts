import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import { api, said } from "@/api/client";

const PAGE = 50;

export const SHOWN = [
  { value: "current", label: "Current" },
  { value: "archived", label: "Archived" },
  { value: "deleted", label: "Deleted" },
] as const;

export type Shown = (typeof SHOWN)[number]["value"];

/** One's own conversations, the last used first. */
export function useConversations(shown: Shown) {
  const query = useInfiniteQuery({
    queryKey: ["conversations", shown],
    queryFn: ({ pageParam, signal }) => {
      const asked = { limit: PAGE, archived: shown === "archived", deleted: shown === "deleted" };
      const query = pageParam === null ? asked : { ...asked, after: pageParam };
      return said(api.GET("/api/conversations", { params: { query }, signal }));
    },
    initialPageParam: null as string | null,
    getNextPageParam: (page) => (page.has_more === true ? page.last_id : null),
    placeholderData: keepPreviousData,
  });
  return { ...query, rows: query.data?.pages.flatMap((page) => page.data) ?? [] };
}

/** Where the words occur, in titles and in what was said. */
export function useFound(words: string) {
  const query = useInfiniteQuery({
    queryKey: ["search", words],
    queryFn: ({ pageParam, signal }) => {
      const query = pageParam === null ? { q: words } : { q: words, after: pageParam };
      return said(api.GET("/api/search", { params: { query }, signal }));
    },
    initialPageParam: null as string | null,
    getNextPageParam: (page) => (page.has_more === true ? page.last_id : null),
    placeholderData: keepPreviousData,
  });
  return { ...query, rows: query.data?.pages.flatMap((page) => page.data) ?? [] };
}
