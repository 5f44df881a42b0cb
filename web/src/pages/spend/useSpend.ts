import { keepPreviousData, useQuery } from "@tanstack/react-query";
import type { Space } from "@/address/space";
import { api, said } from "@/api/client";
import { nanodollars } from "@/format/money";
import type { By } from "./by";
import type { Cell } from "./cells";

/** What was spent since a day (UTC), by day and by something else; in one workspace if one is meant. */
export function useSpend(by: By, since: string, space: Space) {
  return useQuery({
    queryKey: ["spend", by, since, space],
    queryFn: async ({ signal }): Promise<Cell[]> => {
      const query = { by, bucket: "day", since: `${since}T00:00:00Z`, ...space } as const;
      const told = await said(api.GET("/api/reports/spend", { params: { query }, signal }));
      return "rows" in told
        ? told.rows.map(({ cost_usd, ...row }) => ({ ...row, cost: nanodollars(cost_usd) }))
        : [];
    },
    placeholderData: keepPreviousData,
    staleTime: 60_000,
  });
}
