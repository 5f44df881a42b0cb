import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import type { Range } from "@/address/range";
import { api, said } from "@/api/client";
import { placeOf } from "@/format/id";

const PAGE = 200;

/** What was done in a span of time, newest first. */
export function useDeeds(range: Range) {
  const query = useInfiniteQuery({
    queryKey: ["audit", range],
    queryFn: ({ pageParam, signal }) =>
      said(api.GET("/api/audit", { params: { query: { limit: PAGE, after: pageParam } }, signal })),
    initialPageParam: range.to === null ? null : placeOf("deed", range.to),
    getNextPageParam: (page) => {
      const last = page.data.at(-1);
      return page.has_more === true && last !== undefined && new Date(last.at) >= range.from ? last.id : null;
    },
    placeholderData: keepPreviousData,
  });
  const deeds =
    query.data?.pages.flatMap((page) => page.data).filter((deed) => new Date(deed.at) >= range.from) ?? [];
  return { ...query, deeds };
}
