import { useEffect, useRef, useState } from "react";
import { ask, type Told } from "./ask";
import type { Line } from "./body";

export interface Exchange extends Line {
  id: number;
  /** Of an answer: how it came about. */
  told?: Told;
  /** Of an answer that was refused, or broke off. */
  error?: Error;
  isStopped?: boolean;
}

/** What was said; an answer that never came is no part of it. */
export function saidOf(exchanges: readonly Exchange[]): Line[] {
  return exchanges.filter((one) => one.content !== "").map(({ role, content }) => ({ role, content }));
}

/** A talk with a model; it is kept nowhere but here, and in the request log as every call is. */
export function useChat(first: readonly Line[]) {
  const next = useRef(0);
  const named = (line: Line): Exchange => ({ ...line, id: next.current++ });
  const [exchanges, tell] = useState(() => first.map(named));
  const [leaving, leave] = useState<AbortController | null>(null);
  useEffect(() => () => leaving?.abort(), [leaving]);

  const answer = async (before: readonly Exchange[], bodyOf: (lines: readonly Line[]) => object) => {
    const stopping = new AbortController();
    leave(stopping);
    let reply = named({ role: "assistant", content: "" });
    const show = (more: Partial<Exchange>) => {
      reply = { ...reply, ...more };
      tell([...before, reply]);
    };
    show({});
    try {
      const lines = saidOf(before);
      for await (const told of ask(bodyOf(lines), stopping.signal)) {
        show({
          content: told.answer.text,
          told,
          ...(told.answer.error !== null && { error: new Error(told.answer.error) }),
        });
      }
    } catch (error) {
      if (stopping.signal.aborted) show({ isStopped: true });
      else show({ error: error instanceof Error ? error : new Error(String(error)) });
    } finally {
      leave(null);
    }
  };

  return {
    exchanges,
    isAnswering: leaving !== null,
    stop: () => leaving?.abort(),
    clear: () => tell([]),
    /** Says something, and waits for the answer. */
    say: (content: string, bodyOf: (lines: readonly Line[]) => object) =>
      answer([...exchanges, named({ role: "user", content })], bodyOf),
    /** Asks for an answer anew, in the place of the one that is there. */
    again: (id: number, bodyOf: (lines: readonly Line[]) => object) =>
      answer(
        exchanges.slice(
          0,
          exchanges.findIndex((one) => one.id === id),
        ),
        bodyOf,
      ),
    /** Goes back to before something was said. */
    backTo: (id: number) =>
      tell(
        exchanges.slice(
          0,
          exchanges.findIndex((one) => one.id === id),
        ),
      ),
  };
}
