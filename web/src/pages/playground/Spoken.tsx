import { Diff } from "@/diff/Diff";
import { Button } from "@/parts/Button";
import { Code } from "@/parts/Code";
import { CopyButton } from "@/parts/CopyButton";
import { Failure } from "@/parts/Failure";
import { Folded } from "@/parts/Folded";
import { Status } from "@/parts/Status";
import { Answered } from "./Answered";
import { AnswerFacts } from "./AnswerFacts";
import type { Exchange } from "./exchange";
import type { Line } from "./line";
import styles from "./Spoken.module.css";
import { ToolAnswers } from "./ToolAnswers";
import { Wire } from "./Wire";

interface Props {
  exchange: Exchange;
  isBeingSaid: boolean;
  /** What was answered here once, to be compared with. */
  logged: string | null;
  /** Null while something is being said. */
  again: (() => void) | null;
  edit: (() => void) | null;
  handOver: ((lines: readonly Line[]) => void) | null;
}

const SPEAKERS: Readonly<Record<string, string>> = { assistant: "model", user: "you", tool: "tool" };

/** One turn of the talk, with what can be done about it. */
export function Spoken({ exchange, isBeingSaid, logged, again, edit, handOver }: Props) {
  const { role, content, files = [], calls = [], told, error, isStopped } = exchange;
  const isAnswer = role === "assistant";
  return (
    <li className={styles.spoken} data-role={role}>
      <header className={styles.head}>
        <span className={styles.role}>{SPEAKERS[role] ?? role}</span>
        {isBeingSaid && <Status tone="busy">{content === "" ? "waiting" : "answering"}</Status>}
        {isStopped === true && <Status tone="idle">stopped</Status>}
        <span className={styles.deeds}>
          {content !== "" && <CopyButton text={content} />}
          {isAnswer && again !== null && (
            <Button look="quiet" icon="refresh" onPress={again}>
              Again
            </Button>
          )}
          {role === "user" && edit !== null && (
            <Button look="quiet" onPress={edit}>
              Edit
            </Button>
          )}
        </span>
      </header>
      {told !== undefined && told.answer.thought !== "" && (
        <Folded title="Thought">
          <p className={styles.words}>{told.answer.thought}</p>
        </Folded>
      )}
      {files.map((file) => (
        <p key={file.name + file.url.length} className={styles.file}>
          {file.type.startsWith("image/") && file.url.startsWith("data:") && <img src={file.url} alt="" />}
          {file.name}
        </p>
      ))}
      {isAnswer ? <Answered text={content} /> : <p className={styles.words}>{content}</p>}
      {calls.map((call) => (
        <Code key={call.id + call.name} label={`Calls ${call.name}`} text={call.arguments} />
      ))}
      {error !== undefined && <Failure error={error} />}
      {told !== undefined && (
        <>
          <AnswerFacts told={told} />
          <Wire heard={told.heard} />
        </>
      )}
      {logged !== null && !isBeingSaid && (
        <Folded title="Compared with the logged answer">
          <Diff
            before={{ name: "the logged answer", text: logged }}
            after={{ name: "this one", text: content }}
          />
        </Folded>
      )}
      {handOver !== null && isAnswer && calls.length > 0 && <ToolAnswers calls={calls} handOver={handOver} />}
    </li>
  );
}
