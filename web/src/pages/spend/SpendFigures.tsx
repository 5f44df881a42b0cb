import { href } from "@/address/href";
import { useForecast } from "@/api/useForecast";
import { sum } from "@/format/money";
import { count } from "@/format/number";
import { Figure } from "@/parts/Figure";
import { Figures } from "@/parts/Figures";
import { Money } from "@/parts/Money";
import { CacheSavings } from "./CacheSavings";
import { type Group, total } from "./cells";
import { changeOf } from "./change";

/** What it comes to, and what the month will. */
export function SpendFigures({ groups, days }: { groups: readonly Group[]; days: readonly string[] }) {
  const forecast = useForecast();
  const spent = sum(groups.map((group) => group.cost));
  const before = sum(groups.map((group) => group.before));
  const unpriced = total(groups.map((group) => group.unpriced));
  const change = changeOf(spent, before);
  return (
    <Figures>
      <Figure
        name="Spent"
        beside={change && `${change} on the ${days.length === 1 ? "day" : `${days.length} days`} before`}
      >
        <Money usd={spent} />
      </Figure>
      <Figure name="Requests" to={href("/requests", spanOf(days))}>
        {count(total(groups.map((group) => group.requests)))}
      </Figure>
      <Figure
        name="Without a price"
        to={href("/requests", { ...spanOf(days), cost_status: "unpriced" })}
        beside={unpriced === 0 ? "every price was known" : "their cost is unknown, and not in these sums"}
      >
        {count(unpriced)}
      </Figure>
      {forecast.data !== undefined && (
        <>
          <Figure name="This month" beside="so far">
            <Money usd={forecast.data.spent_usd} />
          </Figure>
          <Figure
            name="By the month's end"
            beside={
              <>
                at <Money usd={forecast.data.pace_usd_per_day} /> a day
              </>
            }
          >
            <Money usd={forecast.data.forecast_usd} />
          </Figure>
        </>
      )}
      <CacheSavings />
    </Figures>
  );
}

/** The days as a span of the request log. */
export function spanOf(days: readonly string[]): { from: string; to: string } {
  const [first = "", last = ""] = [days[0], days.at(-1)];
  const end = new Date(new Date(`${last}T00:00:00Z`).getTime() + 86_400_000);
  return { from: `${first}T00:00:00Z`, to: end.toISOString().replace(".000", "") };
}
