import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, said } from "@/api/client";
import { Problem } from "@/api/problem";
import type { RequestView } from "@/api/schema";
import { useSession } from "@/session/useSession";

const [KNOWN, NEW] = ["request", "new-request"];
const KEYS: ReadonlySet<unknown> = new Set([KNOWN, NEW]);
const SOON = { tries: 8, every_ms: 250 };

/** One request, with what was said if that is kept and one's own. Once it has ended it never changes; one that is new may not be
 * written yet, and is asked for again. */
export function useRequest(id: string, { isNew = false } = {}) {
  const { session } = useSession();
  return useQuery({
    // What was said is written a moment later still, so what was seen of a new one is not all of it.
    queryKey: [isNew ? NEW : KNOWN, id],
    queryFn: ({ signal }) => {
      const path = { request: id };
      if (!session.is_admin) return said(api.GET("/api/me/requests/{request}", { params: { path }, signal }));
      const params = { path, query: { content: "own" as const } };
      return said(api.GET("/api/requests/{request}", { params, signal }));
    },
    staleTime: Number.POSITIVE_INFINITY,
    ...(isNew && {
      retry: (tries: number, error: Error) =>
        tries < SOON.tries && error instanceof Problem && error.status === 404,
      retryDelay: SOON.every_ms,
    }),
  });
}

/** Shows what somebody else said; that is written into the audit. */
export function useReveal(id: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: () => said(api.GET("/api/requests/{request}", { params: { path: { request: id } } })),
    // It may have been asked for by the id that its client gave it.
    onSuccess: (revealed) =>
      queries.setQueriesData<RequestView>({ predicate: ({ queryKey }) => KEYS.has(queryKey[0]) }, (known) =>
        known?.id === id ? revealed : known,
      ),
  });
}
