import { Loaded } from "@/parts/Loaded";
import { Page } from "@/parts/Page";
import { Person } from "./Person";
import { useToken } from "./useAllTokens";

/** Whoever has a token. */
export function OfToken({ id }: { id: string }) {
  const query = useToken(id);
  if (query.data !== undefined) return <Person key={query.data.user} id={query.data.user} />;
  return <Page title="Token">{<Loaded of={query}>{() => null}</Loaded>}</Page>;
}
