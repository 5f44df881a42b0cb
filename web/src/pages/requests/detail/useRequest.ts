import { useQuery } from "@tanstack/react-query";
import { api, said } from "@/api/client";
import { useSession } from "@/session/useSession";

/** One request with what was said, if that is kept. Once it has ended it never changes. */
export function useRequest(id: string) {
  const { session } = useSession();
  return useQuery({
    queryKey: ["request", id],
    queryFn: ({ signal }) => {
      const params = { path: { request: id } };
      if (session.is_admin) return said(api.GET("/api/requests/{request}", { params, signal }));
      return said(api.GET("/api/me/requests/{request}", { params, signal }));
    },
    staleTime: Number.POSITIVE_INFINITY,
  });
}
