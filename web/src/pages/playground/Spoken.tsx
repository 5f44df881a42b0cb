import { Markdown } from "@/markdown/Markdown";
import { Button } from "@/parts/Button";
import { Code } from "@/parts/Code";
import { CopyButton } from "@/parts/CopyButton";
import { Failure } from "@/parts/Failure";
import { Status } from "@/parts/Status";
import { AnswerFacts } from "./AnswerFacts";
import styles from "./Spoken.module.css";
import type { Exchange } from "./useChat";

interface Props {
  exchange: Exchange;
  isBeingSaid: boolean;
  /** Null while something is being said. */
  again: (() => void) | null;
  edit: (() => void) | null;
}

/** One turn of the talk, with what can be done about it. */
export function Spoken({ exchange, isBeingSaid, again, edit }: Props) {
  const { role, content, told, error, isStopped } = exchange;
  const isAnswer = role === "assistant";
  return (
    <li className={styles.spoken} data-role={role}>
      <header className={styles.head}>
        <span className={styles.role}>{isAnswer ? "model" : "you"}</span>
        {isBeingSaid && <Status tone="busy">{content === "" ? "waiting" : "answering"}</Status>}
        {isStopped === true && <Status tone="idle">stopped</Status>}
        <span className={styles.deeds}>
          {content !== "" && <CopyButton text={content} />}
          {isAnswer && again !== null && (
            <Button look="quiet" icon="refresh" onPress={again}>
              Again
            </Button>
          )}
          {!isAnswer && edit !== null && (
            <Button look="quiet" onPress={edit}>
              Edit
            </Button>
          )}
        </span>
      </header>
      {told !== undefined && told.answer.thought !== "" && (
        <details className={styles.thought}>
          <summary>Thought</summary>
          <p>{told.answer.thought}</p>
        </details>
      )}
      {isAnswer ? <Markdown text={content} /> : <p className={styles.words}>{content}</p>}
      {told?.answer.calls.map((call) => (
        <Code key={call.name + call.arguments} label={`Calls ${call.name}`} text={call.arguments} />
      ))}
      {error !== undefined && <Failure error={error} />}
      {told !== undefined && <AnswerFacts told={told} />}
    </li>
  );
}
