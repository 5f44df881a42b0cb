import { useQuery } from "@tanstack/react-query";
import { api, said } from "@/api/client";
import { nanodollars } from "@/format/money";
import { counted } from "@/format/number";
import { Figure } from "@/parts/Figure";
import { Money } from "@/parts/Money";

/** What answers that were given again have saved; not there where none was. */
export function CacheSavings() {
  const cache = useQuery({
    queryKey: ["cache"],
    queryFn: () => said(api.GET("/api/cache")),
    staleTime: 60_000,
  });
  if (cache.data === undefined || nanodollars(cache.data.saved_usd) === 0n) return null;
  return (
    <Figure
      name="Saved by the cache"
      beside={`${counted(cache.data.hits, "answer")} given again, of those it still has`}
    >
      <Money usd={cache.data.saved_usd} />
    </Figure>
  );
}
