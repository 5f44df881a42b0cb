import { keepPreviousData, useInfiniteQuery, useQuery } from "@tanstack/react-query";
import type { Range } from "@/address/range";
import { api, said } from "@/api/client";
import type { ListingRequestView, paths, RequestView } from "@/api/schema";
import { placeOf } from "@/format/id";
import type { Filters } from "./filters";

const PAGE = 50;
const SOME_NEW = 50;
const LISTEN_EVERY_MS = 10_000;

export interface Question {
  /** Of all users, or only of oneself. */
  ofAll: boolean;
  filters: Filters;
  range: Range;
}

type Asked = NonNullable<paths["/api/requests"]["get"]["parameters"]["query"]>;
type Page = { limit: number } & ({ after?: string } | { before?: string });

/** The log, newest first, a page at a time. */
export function useRequests(question: Question) {
  const { range } = question;
  const query = useInfiniteQuery({
    queryKey: ["requests", question],
    queryFn: ({ pageParam, signal }) =>
      list(question, pageParam === null ? { limit: PAGE } : { limit: PAGE, after: pageParam }, signal),
    initialPageParam: range.to === null ? null : placeOf("req", range.to),
    getNextPageParam: (page) =>
      page.has_more === true && isWithin(page.data.at(-1), range) ? page.last_id : null,
    placeholderData: keepPreviousData,
    // The table holds still until its reader wants it otherwise.
    staleTime: Number.POSITIVE_INFINITY,
  });
  const rows = query.data?.pages.flatMap((page) => page.data).filter((row) => isWithin(row, range)) ?? [];
  return { ...query, rows };
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

function list({ ofAll, filters }: Question, page: Page, signal: AbortSignal): Promise<ListingRequestView> {
  // What stands in an address may be anything; the gateway says what is wrong with it.
  const query = { ...filters, ...page } as Asked;
  if (!ofAll) return said(api.GET("/api/me/requests", { params: { query }, signal }));
  return said(api.GET("/api/requests", { params: { query }, signal }));
}

function isWithin(row: RequestView | undefined, range: Range): boolean {
  return row !== undefined && row.id >= placeOf("req", range.from);
}
