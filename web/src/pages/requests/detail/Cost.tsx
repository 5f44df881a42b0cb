import { useQuery } from "@tanstack/react-query";
import { api, said } from "@/api/client";
import type { RequestView } from "@/api/schema";
import { exactUsd } from "@/format/money";
import { count } from "@/format/number";
import { Instant } from "@/parts/Instant";
import { Money } from "@/parts/Money";
import { Panel } from "@/parts/Panel";
import { useSession } from "@/session/useSession";
import { breakdownOf, priceOf } from "./breakdown";
import styles from "./Cost.module.css";

/** What the request cost, and what that is made of. */
export function Cost({ request }: { request: RequestView }) {
  const { session } = useSession();
  const prices = useQuery({
    queryKey: ["prices"],
    queryFn: () => said(api.GET("/api/prices")),
    enabled: session.is_admin && request.cost_status !== null,
    staleTime: 300_000,
  });
  if (request.cost_status === null || request.usage === null) return null;
  const price = priceOf(request, prices.data?.data ?? []);
  const breakdown = price === null ? null : breakdownOf(request.usage, price, request.cost_usd);
  return (
    <Panel
      title="Cost"
      aside={<Money usd={request.cost_usd} isEstimated={request.cost_status === "estimated"} />}
    >
      {breakdown !== null && price !== null && (
        <>
          <table className={styles.parts}>
            <thead>
              <tr>
                <th scope="col">Tokens</th>
                <th scope="col">Count</th>
                <th scope="col">$ per million</th>
                <th scope="col">Cost</th>
              </tr>
            </thead>
            <tbody>
              {breakdown.parts.map((part) => (
                <tr key={part.kind}>
                  <th scope="row">{part.kind}</th>
                  <td>{count(part.tokens)}</td>
                  <td>{part.rate ?? "–"}</td>
                  <td>{part.cost === null ? "–" : exactUsd(part.cost)}</td>
                </tr>
              ))}
            </tbody>
          </table>
          <p className={styles.note}>
            Price: {price.version}
            {price.imported_at === null ? (
              "."
            ) : (
              <>
                , taken <Instant at={price.imported_at} far />.
              </>
            )}
            {!breakdown.isWhole &&
              " These are the prices in force now. What was charged differs: they have changed since, or a part of the tokens has a rate of its own."}
          </p>
        </>
      )}
      <p className={styles.note}>{CERTAINTY[request.cost_status]}</p>
    </Panel>
  );
}

const CERTAINTY: Readonly<Record<string, string>> = {
  exact: "Counted from the usage that the provider reported.",
  estimated: "The provider did not report all of the usage, so a part of it is estimated.",
  unpriced: "No price is known for this model, so nothing was charged for it.",
};
