/** What is asked of the request log, as the API takes it. Pure. */

import type { Range } from "@/address/range";
import type { Space } from "@/address/space";
import type { paths } from "@/api/schema";
import type { Filters } from "./filters";

export interface Question {
  /** Of all users, or only of oneself. */
  ofAll: boolean;
  filters: Filters;
  range: Range;
  space?: Space;
}

type Asked = NonNullable<paths["/api/requests"]["get"]["parameters"]["query"]>;
/** Without what belongs to a page of a list. */
export type AskedOfAll = Omit<Asked, "limit" | "after" | "before" | "order">;

/** What stands in an address may be anything, so it is sent as it is, and the gateway says what is wrong with it. */
export function queryOf({ filters, range, space }: Question): AskedOfAll {
  const to = range.to === null ? {} : { to: range.to.toISOString() };
  const said: Readonly<Record<string, unknown>> = {
    ...filters,
    ...space,
    from: range.from.toISOString(),
    ...to,
  };
  return said as AskedOfAll;
}
