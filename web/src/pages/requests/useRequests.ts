import { keepPreviousData, useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { api, said } from "@/api/client";
import type { ListingRequestView } from "@/api/schema";
import { type Question, queryOf } from "./question";

const PAGE = 50;
const SOME_NEW = 50;
const LISTEN_EVERY_MS = 10_000;

type Place = { limit: number; after?: string; before?: string };

/** The log, newest first, a page at a time. */
export function useRequests(question: Question) {
  const query = useInfiniteQuery({
    queryKey: ["requests", question],
    queryFn: ({ pageParam, signal }) =>
      list(question, pageParam === null ? { limit: PAGE } : { limit: PAGE, after: pageParam }, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => (page.has_more === true ? page.last_id : null),
    placeholderData: keepPreviousData,
    // The table holds still until its reader wants it otherwise.
    staleTime: Number.POSITIVE_INFINITY,
  });
  return { ...query, rows: query.data?.pages.flatMap((page) => page.data) ?? [] };
}

/** How many came since: a number to be pressed, and no table that moves. */
export function useNews(question: Question, newest: string | null, isReady: boolean): number {
  const query = useQuery({
    queryKey: ["requests-since", question, newest],
    queryFn: ({ signal }) =>
      list(question, newest === null ? { limit: SOME_NEW } : { limit: SOME_NEW, before: newest }, signal),
    enabled: isReady && question.range.to === null,
    refetchInterval: LISTEN_EVERY_MS,
    staleTime: LISTEN_EVERY_MS,
  });
  return query.data?.data.length ?? 0;
}

export const MOST_NEWS = SOME_NEW;

function list(question: Question, place: Place, signal: AbortSignal): Promise<ListingRequestView> {
  const query = { ...queryOf(question), ...place };
  if (question.ofAll) return said(api.GET("/api/requests", { params: { query }, signal }));
  return said(api.GET("/api/me/requests", { params: { query }, signal }));
}
