import { useQuery } from "@tanstack/react-query";
import { api, said } from "@/api/client";
import type { NewRequestsView } from "@/api/schema";
import { type Question, queryOf } from "./question";

const LISTEN_EVERY_MS = 5_000;

/** How many came since, while one listens: a number to be pressed, and no table that moves. */
export function useNews(
  question: Question,
  newest: string | null,
  isListening: boolean,
): NewRequestsView | null {
  const news = useQuery({
    queryKey: ["requests-new", question, newest],
    queryFn: ({ signal }) => {
      const query = { ...queryOf(question), ...(newest !== null && { newer_than: newest }) };
      if (question.ofAll) return said(api.GET("/api/reports/new-requests", { params: { query }, signal }));
      return said(api.GET("/api/me/reports/new-requests", { params: { query }, signal }));
    },
    enabled: isListening,
    refetchInterval: LISTEN_EVERY_MS,
    staleTime: LISTEN_EVERY_MS,
  });
  return isListening ? (news.data ?? null) : null;
}
