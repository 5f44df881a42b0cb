import { Link } from "wouter";
import { href } from "@/address/href";
import type { ConversationView } from "@/api/schema";
import { nanodollars, sum } from "@/format/money";
import { counted } from "@/format/number";
import { Fact } from "@/parts/Fact";
import { Facts } from "@/parts/Facts";
import { Instant } from "@/parts/Instant";
import { Money } from "@/parts/Money";
import { Panel } from "@/parts/Panel";
import { useRuns } from "./useThread";

/** When, from where, and what all of it cost. */
export function ConversationFacts({ conversation }: { conversation: ConversationView }) {
  const runs = useRuns(conversation.id).data;
  const costs = runs?.data.flatMap((run) => run.cost_usd ?? []) ?? [];
  const { settings, metadata } = conversation;
  return (
    <Panel title="About">
      <Facts>
        <Fact name="Turns">
          {runs && `${counted(runs.data.length, "run")}${runs.has_more ? " and more" : ""}`}
        </Fact>
        <Fact name="Cost">{costs.length === 0 ? null : <Money usd={sum(costs.map(nanodollars))} />}</Fact>
        <Fact name="Requests">
          <Link href={href("/requests", { conversation: conversation.id, from: conversation.created_at })}>
            Of all turns
          </Link>
        </Fact>
        <Fact name="Last used">
          <Instant at={conversation.active_at} />
        </Fact>
        <Fact name="Begun">
          <Instant at={conversation.created_at} />
        </Fact>
        <Fact name="Model">{conversation.model}</Fact>
        <Fact name="Settings">{written(settings)}</Fact>
        <Fact name="Noted">{written(metadata)}</Fact>
        <Fact name="Forked from">
          {conversation.forked_from && (
            <Link href={`/conversations/${conversation.forked_from}`}>{conversation.forked_from}</Link>
          )}
        </Fact>
        <Fact name="Id">
          <code>{conversation.id}</code>
        </Fact>
      </Facts>
    </Panel>
  );
}

function written(values: object) {
  const entries = Object.entries(values);
  if (entries.length === 0) return null;
  return <code>{entries.map(([name, value]) => `${name}: ${JSON.stringify(value)}`).join(", ")}</code>;
}
