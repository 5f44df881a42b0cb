import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import type { Space } from "@/address/space";
import { api, call, said } from "@/api/client";
import type { BudgetChange, NewBudget, NewCredit } from "@/api/schema";

const KEY = ["budgets"];
const SOME = 500;

/** The budgets in force, of one user, or all within a workspace; what is under way changes them, so they are asked
 * again. */
export function useBudgets(user: string | null, { workspace: within }: Space) {
  const whose = user !== null ? { user } : within !== undefined ? { within } : {};
  return useQuery({
    queryKey: [...KEY, SOME, whose],
    queryFn: ({ signal }) =>
      said(api.GET("/api/budgets", { params: { query: { limit: SOME, ...whose } }, signal })),
    refetchInterval: 15_000,
  });
}

/** What can be done to budgets. */
export function useBudgetDeeds() {
  const queries = useQueryClient();
  const onSuccess = () => queries.invalidateQueries({ queryKey: KEY });
  const at = (budget: string) => ({ params: { path: { budget } } });
  return {
    create: useMutation({
      mutationFn: (body: NewBudget) => said(api.POST("/api/budgets", { body })),
      onSuccess,
    }),
    change: useMutation({
      mutationFn: ({ id, ...body }: BudgetChange & { id: string }) =>
        said(api.PATCH("/api/budgets/{budget}", { ...at(id), body })),
      onSuccess,
    }),
    credit: useMutation({
      mutationFn: ({ id, ...body }: NewCredit & { id: string }) =>
        said(api.POST("/api/budgets/{budget}/credits", { ...at(id), body })),
      onSuccess,
    }),
    remove: useMutation({
      mutationFn: (id: string) => call(`/api/budgets/${id}`, { method: "DELETE" }),
      onSuccess,
    }),
  };
}
