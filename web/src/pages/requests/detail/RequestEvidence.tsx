import { useLocation } from "wouter";
import type { RequestView } from "@/api/schema";
import { count, duration } from "@/format/number";
import { CopyButton } from "@/parts/CopyButton";
import { Figure } from "@/parts/Figure";
import { Figures } from "@/parts/Figures";
import { LinkButton } from "@/parts/LinkButton";
import { Money } from "@/parts/Money";
import { Page } from "@/parts/Page";
import { useShortcut } from "@/shortcuts/useShortcut";
import { RequestStatus } from "../RequestStatus";
import { AsCode } from "./AsCode";
import { Attempts } from "./Attempts";
import { Circumstances } from "./Circumstances";
import { Content } from "./Content";
import { Cost } from "./Cost";
import { Decisions } from "./Decisions";
import { Guards } from "./Guards";
import styles from "./RequestEvidence.module.css";
import { speedOf } from "./timeline";

export function RequestEvidence({ request }: { request: RequestView }) {
  const [, navigate] = useLocation();
  const again = `/requests/${request.id}/replay`;
  useShortcut("y", "Copy the link", () => void navigator.clipboard.writeText(window.location.href));
  useShortcut(".", "Replay", () => navigate(again));
  useShortcut("Escape", "Back", () => window.history.back());
  const { usage } = request;
  return (
    <Page
      title={request.id}
      beside={<RequestStatus request={request} />}
      actions={
        <>
          <CopyButton text={window.location.href} label="Copy link" />
          <LinkButton to={`/playground?from=${request.id}`} icon="playground">
            Edit in the playground
          </LinkButton>
          <LinkButton to={again} icon="refresh">
            Replay
          </LinkButton>
        </>
      }
    >
      {request.error !== null && (
        <p className={styles.error}>
          <code>{request.error.code}</code> {request.error.message}
        </p>
      )}
      <Figures>
        <Figure name="Latency">{duration(request.response_time_ms)}</Figure>
        <Figure name="First token">{orNone(request.time_to_first_token_ms, duration)}</Figure>
        <Figure name="Tokens in">{orNone(usage?.input_tokens, count)}</Figure>
        <Figure name="Tokens out">{orNone(usage?.output_tokens, count)}</Figure>
        <Figure name="Speed">{orNone(speedOf(request), (speed) => `${count(speed)} tokens/s`)}</Figure>
        <Figure name="Cost">
          {request.cost_status === null ? (
            "none"
          ) : (
            <Money usd={request.cost_usd} isEstimated={request.cost_status === "estimated"} />
          )}
        </Figure>
      </Figures>
      <div className={styles.columns}>
        <div className={styles.column}>
          <Attempts request={request} />
          <Content request={request} />
          <AsCode request={request} />
        </div>
        <div className={styles.column}>
          <Circumstances request={request} />
          <Cost request={request} />
          <Decisions request={request} />
          <Guards request={request} />
        </div>
      </div>
    </Page>
  );
}

function orNone(value: number | null | undefined, write: (value: number) => string): string {
  return value === null || value === undefined ? "none" : write(value);
}
