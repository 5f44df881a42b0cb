import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { api, said } from "@/api/client";
import { type Question, queryOf } from "./question";

/** What the log comes to over a time: counts, times and costs by bucket, and its commonest values. Asked once, or again
 * and again where that is said. */
export function useReport(question: Question, every_ms: number | false = false) {
  return useQuery({
    queryKey: ["requests-report", question],
    queryFn: ({ signal }) => {
      const query = queryOf(question);
      if (question.ofAll) return said(api.GET("/api/reports/requests", { params: { query }, signal }));
      return said(api.GET("/api/me/reports/requests", { params: { query }, signal }));
    },
    placeholderData: keepPreviousData,
    refetchInterval: every_ms,
    staleTime: 30_000,
  });
}
