import { useState } from "react";
import { href } from "@/address/href";
import { useAddress } from "@/address/useAddress";
import { useNow } from "@/address/useNow";
import { useSpace } from "@/address/useSpace";
import { useUserName } from "@/api/names";
import type { TokenView } from "@/api/schema";
import { Empty } from "@/parts/Empty";
import { Failure } from "@/parts/Failure";
import { LoadMore } from "@/parts/LoadMore";
import { Panel } from "@/parts/Panel";
import { Table } from "@/parts/Table";
import { Waiting } from "@/parts/Waiting";
import { RevokeToken } from "./RevokeToken";
import { TokenFilters } from "./TokenFilters";
import { tokenColumns } from "./tokenColumns";
import { readTokensAsked } from "./tokensAsked";
import { useAllTokens } from "./useAllTokens";

/** Everybody's tokens: who can call, and which of them nobody uses. */
export function AllTokens() {
  const { search, change } = useAddress();
  const asked = readTokensAsked(search);
  const { rows, error, isPending, hasNextPage, isFetchingNextPage, fetchNextPage } = useAllTokens(
    asked,
    useSpace(),
  );
  const nameOf = useUserName();
  const now = useNow();
  const [ending, end] = useState<TokenView | null>(null);
  const columns = [
    { name: "user", head: "Of", cell: (token: TokenView) => nameOf(token.user) },
    ...tokenColumns(now, end),
  ];
  return (
    <Panel title="Tokens of all" flush aside={<TokenFilters asked={asked} change={change} />}>
      {error !== null && <Failure error={error} />}
      {isPending ? (
        <Waiting lines={6} />
      ) : rows.length === 0 ? (
        error === null && <Empty title="No token is like that." />
      ) : (
        <Table
          caption="Tokens of all"
          columns={columns}
          rows={rows}
          keyOf={(token) => token.id}
          to={(token) => href("/keys", { user: token.user })}
        />
      )}
      {hasNextPage && <LoadMore isLoading={isFetchingNextPage} load={() => void fetchNextPage()} />}
      <RevokeToken user={ending?.user ?? ""} token={ending} close={() => end(null)} />
    </Panel>
  );
}
