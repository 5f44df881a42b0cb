import type { MessageView } from "@/api/schema";
import { Markdown } from "@/markdown/Markdown";
import { Code } from "@/parts/Code";
import { Folded } from "@/parts/Folded";
import styles from "./MessagePart.module.css";

type Part = MessageView["content"][number];

/** A part of a message: words as they are meant, and what is long or is for machines folded away. */
export function MessagePart({ part, role }: { part: Part; role: string }) {
  switch (part.type) {
    case "text":
      return role === "assistant" ? (
        <Markdown text={part.text} />
      ) : (
        <p className={styles.text}>{part.text}</p>
      );
    case "refusal":
      return <p className={styles.text}>Declined: {part.text}</p>;
    case "reasoning":
      return <Folded title="Thought">{<p className={styles.text}>{part.text}</p>}</Folded>;
    case "tool_call":
      return (
        <Folded title={`Calls ${part.name}`}>
          <Code text={part.arguments} label={part.id} />
        </Folded>
      );
    case "tool_result":
      return (
        <Folded title={part.is_error === true ? "A tool failed" : "A tool answered"}>
          <Code text={wordsOf(part.content)} label={part.tool_call_id} />
        </Folded>
      );
    case "image":
      return <Picture url={part.url} />;
    case "audio":
      return (
        <p className={styles.note}>
          Sound, {part.format}
          {part.transcript ? `: ${part.transcript}` : ""}
        </p>
      );
    case "file":
      return <p className={styles.note}>File {part.filename ?? part.file_id ?? part.url}</p>;
    case "removed":
      return <p className={styles.note}>Something was here and was taken away.</p>;
    default:
      return (
        <Folded title={part.kind}>
          <Code text={JSON.stringify(part.raw, null, 2)} />
        </Folded>
      );
  }
}

/** Pictures that lie elsewhere are named and not loaded: whoever keeps them need not know that somebody looks. */
function Picture({ url }: { url: string }) {
  if (url.startsWith("data:image/"))
    return <img className={styles.picture} src={url} alt="Sent with the message" />;
  return <p className={styles.note}>Picture {url}</p>;
}

function wordsOf(content: Extract<Part, { type: "tool_result" }>["content"]): string {
  if (typeof content === "string") return content;
  return content.map((part) => (part.type === "text" ? part.text : `[${part.type}]`)).join("\n");
}
