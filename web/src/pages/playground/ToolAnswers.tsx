import { useState } from "react";
import { Form } from "@/parts/Form";
import { TextArea } from "@/parts/TextArea";
import type { Call } from "./answer";
import type { Line } from "./line";

interface Props {
  calls: readonly Call[];
  handOver: (lines: readonly Line[]) => void;
}

/** What the tools that a model wants called would answer: you are the tools here. */
export function ToolAnswers({ calls, handOver }: Props) {
  const [answers, write] = useState<readonly string[]>(() => calls.map(() => ""));
  const lines = calls.map((call, place) => ({ role: "tool", content: answers[place] ?? "", call: call.id }));
  return (
    <Form verb="Hand over" send={() => handOver(lines)} isReady isSending={false} error={null}>
      {calls.map((call, place) => (
        <TextArea
          key={call.id}
          label={`What ${call.name} answers`}
          rows={2}
          value={answers[place] ?? ""}
          onChange={(event) =>
            write(answers.map((answer, at) => (at === place ? event.target.value : answer)))
          }
        />
      ))}
    </Form>
  );
}
