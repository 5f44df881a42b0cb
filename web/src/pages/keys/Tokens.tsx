import { useState } from "react";
import { useNow } from "@/address/useNow";
import type { TokenView } from "@/api/schema";
import { Empty } from "@/parts/Empty";
import { Loaded } from "@/parts/Loaded";
import { Panel } from "@/parts/Panel";
import { Table } from "@/parts/Table";
import { RevokeToken } from "./RevokeToken";
import { tokenColumns } from "./tokenColumns";
import { inOrder } from "./tokenState";
import { useTokens } from "./useUser";

/** A user's tokens: what is shown of each is the part that is no secret. */
export function Tokens({ user }: { user: string }) {
  const tokens = useTokens(user);
  const now = useNow();
  const [ending, end] = useState<TokenView | null>(null);
  return (
    <Panel title="Tokens" flush>
      <Loaded of={tokens}>
        {({ data }) =>
          data.length === 0 ? (
            <Empty title="No token yet.">
              <p>Make one for each application, so that each can be told apart and ended by itself.</p>
            </Empty>
          ) : (
            <Table
              caption="Tokens"
              columns={tokenColumns(now, end)}
              rows={inOrder(data, now)}
              keyOf={(token) => token.id}
            />
          )
        }
      </Loaded>
      <RevokeToken user={user} token={ending} close={() => end(null)} />
    </Panel>
  );
}
