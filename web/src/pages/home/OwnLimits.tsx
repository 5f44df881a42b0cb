import type { LimitsView } from "@/api/schema";
import { count } from "@/format/number";
import { Fact } from "@/parts/Fact";
import { Facts } from "@/parts/Facts";
import { Panel } from "@/parts/Panel";

/** How much may be asked at once. */
export function OwnLimits({ limits }: { limits: LimitsView }) {
  const told = (limit: number | null) => (limit === null ? "as many as you like" : count(limit));
  return (
    <Panel title="Limits">
      <Facts>
        <Fact name="Requests a minute">{told(limits.requests_per_minute)}</Fact>
        <Fact name="Tokens a minute">{told(limits.tokens_per_minute)}</Fact>
        <Fact name="At the same time">{told(limits.concurrent)}</Fact>
      </Facts>
    </Panel>
  );
}
