import { Link } from "wouter";
import type { MessageView, RunView } from "@/api/schema";
import { counted } from "@/format/number";
import { Instant } from "@/parts/Instant";
import { Money } from "@/parts/Money";
import { Status } from "@/parts/Status";
import { MessagePart } from "./MessagePart";
import styles from "./Turn.module.css";

interface Props {
  message: MessageView;
  /** That wrote it. */
  run: RunView | undefined;
}

/** A message, what it cost, and the way to the request behind it. */
export function Turn({ message, run }: Props) {
  const { feedback } = message;
  return (
    <li className={styles.turn} data-role={message.role}>
      <header className={styles.head}>
        <span className={styles.role}>{message.role}</span>
        {message.model !== null && <span>{message.model}</span>}
        {message.finish_reason !== null && message.finish_reason !== "stop" && (
          <Status tone="warn">{message.finish_reason}</Status>
        )}
        {feedback !== null && (
          <Status tone={feedback.rating === "up" ? "good" : "bad"}>
            {feedback.rating === "up" ? "liked" : "disliked"}
            {feedback.comment != null && `: ${feedback.comment}`}
          </Status>
        )}
        <span className={styles.beside}>
          {message.tokens_estimated && "≈ "}
          {counted(message.tokens, "token")}
          {run?.cost_usd != null && <Money usd={run.cost_usd} />}
          <Instant at={message.created_at} />
          {run?.request != null && <Link href={`/requests/${run.request}`}>Request</Link>}
        </span>
      </header>
      {message.content.map((part, place) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the parts of a message never change their order
        <MessagePart key={place} part={part} role={message.role} />
      ))}
    </li>
  );
}
