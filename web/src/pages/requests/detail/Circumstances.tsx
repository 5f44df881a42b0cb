import { Link } from "wouter";
import { href } from "@/address/href";
import { useUserName } from "@/api/names";
import type { RequestView } from "@/api/schema";
import { Fact } from "@/parts/Fact";
import { Facts } from "@/parts/Facts";
import { Instant } from "@/parts/Instant";
import { Panel } from "@/parts/Panel";
import { useSession } from "@/session/useSession";
import { servedBy } from "../outcome";
import { ConversationOf } from "./ConversationOf";

/** Who asked for what, from where, and what else belongs to it. */
export function Circumstances({ request }: { request: RequestView }) {
  const { session } = useSession();
  const nameOf = useUserName();
  const served = servedBy(request);
  const others = (search: Record<string, string>, text: string) => (
    <Link href={href("/requests", search)}>{text}</Link>
  );
  return (
    <Panel title="Circumstances">
      <Facts>
        <Fact name="Time">
          <Instant at={request.created_at} />
        </Fact>
        <Fact name="Asked for">{request.asked_model}</Fact>
        <Fact name={request.outcome === "succeeded" ? "Answered by" : "Asked last"}>
          {served === null ? null : others({ model: served }, served)}
        </Fact>
        <Fact name="User">
          {session.is_admin ? others({ user: request.user }, nameOf(request.user)) : null}
        </Fact>
        <Fact name="Token">{others({ token: request.token }, request.token)}</Fact>
        <Fact name="Credential">{coded(request.credential)}</Fact>
        <Fact name="Surface">{`${request.surface}${request.stream ? ", streamed" : ""}`}</Fact>
        <Fact name="Finish reason">{request.finish_reason}</Fact>
        <Fact name="Cache">{request.cache}</Fact>
        <Fact name="Tag">{request.tag === null ? null : others({ tag: request.tag }, request.tag)}</Fact>
        <Fact name="Job">
          {request.run === null ? null : <Link href={`/jobs/${request.run}`}>{request.run}</Link>}
        </Fact>
        {request.run !== null && request.user === session.user && <ConversationOf run={request.run} />}
        <Fact name="Client's id">{coded(request.client_request_id)}</Fact>
        <Fact name="Address">{request.ip}</Fact>
        <Fact name="Client">{request.user_agent}</Fact>
      </Facts>
    </Panel>
  );
}

function coded(text: string | null) {
  return text === null ? null : <code>{text}</code>;
}
