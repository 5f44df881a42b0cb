import { useEffect, useRef, useState } from "react";
import { ask } from "./ask";
import { beforeOf, type Exchange, saidOf } from "./exchange";
import type { Line } from "./line";

type BodyOf = (lines: readonly Line[]) => object;

/** A talk with one model. It is kept nowhere but here, and in the request log as every call is. */
export interface Talk {
  exchanges: readonly Exchange[];
  isAnswering: boolean;
  stop: () => void;
  /** Goes on from these. */
  take: (exchanges: readonly Exchange[]) => void;
  /** Says something, and waits for the answer. */
  say: (lines: readonly Line[], bodyOf: BodyOf) => Promise<void>;
  /** Asks for an answer anew, in the place of the one that is there. */
  again: (id: number, bodyOf: BodyOf) => Promise<void>;
}

/** As many talks as may stand side by side. */
export function useTalks(first: readonly Line[]): readonly Talk[] {
  return [useTalk(first), useTalk(first), useTalk(first)];
}

function useTalk(first: readonly Line[]): Talk {
  const next = useRef(0);
  const named = (line: Line): Exchange => ({ ...line, id: next.current++ });
  const [exchanges, tell] = useState<readonly Exchange[]>(() => first.map(named));
  const [leaving, leave] = useState<AbortController | null>(null);
  useEffect(() => () => leaving?.abort(), [leaving]);

  const answer = async (before: readonly Exchange[], bodyOf: BodyOf) => {
    const stopping = new AbortController();
    leave(stopping);
    let reply = named({ role: "assistant", content: "" });
    const show = (more: Partial<Exchange>) => {
      reply = { ...reply, ...more };
      tell([...before, reply]);
    };
    show({});
    try {
      for await (const told of ask(bodyOf(saidOf(before)), stopping.signal)) {
        const { text, calls, error } = told.answer;
        show({ content: text, calls, told, ...(error !== null && { error: new Error(error) }) });
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
    take: (taken) => tell(taken.map(named)),
    say: (lines, bodyOf) => answer([...exchanges, ...lines.map(named)], bodyOf),
    again: (id, bodyOf) => answer(beforeOf(exchanges, id), bodyOf),
  };
}
