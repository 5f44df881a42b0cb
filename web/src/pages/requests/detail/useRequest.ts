import { useQuery } from "@tanstack/react-query";
import { api, said } from "@/api/client";
import { Problem } from "@/api/problem";
import { useSession } from "@/session/useSession";

const SOON = { tries: 8, every_ms: 250 };

/** One request with what was said, if that is kept. Once it has ended it never changes; one that is new may not be
 * written yet, and is asked for again. */
export function useRequest(id: string, { isNew = false } = {}) {
  const { session } = useSession();
  return useQuery({
    // What was said is written a moment later still, so what was seen of a new one is not all of it.
    queryKey: [isNew ? "new-request" : "request", id],
    queryFn: ({ signal }) => {
      const params = { path: { request: id } };
      if (session.is_admin) return said(api.GET("/api/requests/{request}", { params, signal }));
      return said(api.GET("/api/me/requests/{request}", { params, signal }));
    },
    staleTime: Number.POSITIVE_INFINITY,
    ...(isNew && {
      retry: (tries: number, error: Error) =>
        tries < SOON.tries && error instanceof Problem && error.status === 404,
      retryDelay: SOON.every_ms,
    }),
  });
}
