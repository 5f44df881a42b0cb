import { type InfiniteData, keepPreviousData, useInfiniteQuery, useQueryClient } from "@tanstack/react-query";
import { api, said } from "@/api/client";
import type { ListingRequestView, RequestView } from "@/api/schema";
import { type Question, queryOf } from "./question";

const PAGE = 50;
const EXPORTED_AT_ONCE = 1_000;
export const MOST_EXPORTED = 10_000;

type Pages = InfiniteData<ListingRequestView, string | null>;

/** The log, newest first, a page at a time. `lookedTo` is where the last one ended that had looked at enough. */
export function useRequests(question: Question) {
  const queryKey = ["requests", question];
  const query = useInfiniteQuery({
    queryKey,
    queryFn: ({ pageParam, signal }) => list(question, PAGE, pageParam, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => (page.has_more === true ? page.last_id : null),
    placeholderData: keepPreviousData,
    // The table holds still until its reader wants it otherwise.
    staleTime: Number.POSITIVE_INFINITY,
  });
  const client = useQueryClient();
  /** Shows the newest: one page, however many were turned. */
  const renew = () => {
    client.setQueryData<Pages>(
      queryKey,
      (known) => known && { pages: known.pages.slice(0, 1), pageParams: known.pageParams.slice(0, 1) },
    );
    return query.refetch();
  };
  const last = query.data?.pages.at(-1);
  const lookedTo = last?.has_more === true && last.data.length < PAGE ? (last.last_id ?? null) : null;
  return { ...query, rows: query.data?.pages.flatMap((page) => page.data) ?? [], lookedTo, renew };
}

/** All that matches, newest first, as far as one takes along at once. */
export async function listAll(question: Question): Promise<readonly RequestView[]> {
  const rows: RequestView[] = [];
  let after: string | null = null;
  do {
    const page: ListingRequestView = await list(question, EXPORTED_AT_ONCE, after);
    rows.push(...page.data);
    after = page.has_more === true ? (page.last_id ?? null) : null;
  } while (after !== null && rows.length < MOST_EXPORTED);
  return rows.slice(0, MOST_EXPORTED);
}

function list(
  question: Question,
  limit: number,
  after: string | null,
  signal: AbortSignal | null = null,
): Promise<ListingRequestView> {
  const query = { ...queryOf(question), limit, ...(after !== null && { after }) };
  if (question.ofAll) return said(api.GET("/api/requests", { params: { query }, signal }));
  return said(api.GET("/api/me/requests", { params: { query }, signal }));
}
