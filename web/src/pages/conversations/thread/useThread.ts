import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, call, said } from "@/api/client";
import type { ConversationChange } from "@/api/schema";

const SOME = 500;
const KEY = ["conversation"];

const at = (conversation: string) => ({ path: { conversation } });

export function useConversation(id: string) {
  return useQuery({
    queryKey: [...KEY, id],
    queryFn: ({ signal }) => said(api.GET("/api/conversations/{conversation}", { params: at(id), signal })),
  });
}

/** The messages of the branch that ends in a message, or in the tip. */
export function useMessages(id: string, branch: string | null) {
  return useQuery({
    queryKey: [...KEY, id, "messages", branch],
    queryFn: ({ signal }) => {
      const query = branch === null ? { limit: SOME } : { limit: SOME, branch };
      return said(
        api.GET("/api/conversations/{conversation}/messages", { params: { ...at(id), query }, signal }),
      );
    },
    placeholderData: (before) => before,
  });
}

export function useBranches(id: string) {
  return useQuery({
    queryKey: [...KEY, id, "branches"],
    queryFn: ({ signal }) =>
      said(api.GET("/api/conversations/{conversation}/branches", { params: at(id), signal })),
  });
}

/** How each turn was executed. */
export function useRuns(id: string) {
  return useQuery({
    queryKey: [...KEY, id, "runs"],
    queryFn: ({ signal }) =>
      said(api.GET("/api/runs", { params: { query: { conversation: id, limit: SOME } }, signal })),
  });
}

/** All that is known of a conversation is asked anew. */
export function useAnew(id: string): () => Promise<void> {
  const queries = useQueryClient();
  return () => queries.invalidateQueries({ queryKey: [...KEY, id] });
}

/** What can be done to a conversation. */
export function useConversationDeeds(id: string) {
  const queries = useQueryClient();
  const onSuccess = () =>
    Promise.all([
      queries.invalidateQueries({ queryKey: [...KEY, id] }),
      queries.invalidateQueries({ queryKey: ["conversations"] }),
    ]);
  return {
    change: useMutation({
      mutationFn: (body: ConversationChange) =>
        said(api.PATCH("/api/conversations/{conversation}", { params: at(id), body })),
      onSuccess,
    }),
    remove: useMutation({
      mutationFn: () => call(`/api/conversations/${id}`, { method: "DELETE" }),
      // It cannot be looked at any more, so only the lists are asked anew.
      onSuccess: () => queries.invalidateQueries({ queryKey: ["conversations"] }),
    }),
  };
}
