/** What is said in a talk, before it is put as a provider wants it. */

import type { Call } from "./answer";
import type { Attached } from "./attached";

export interface Line {
  /** As chat completions name it: `user`, `assistant`, or `tool`. */
  role: string;
  content: string;
  /** Of what a user says: pictures and documents that go along. */
  files?: readonly Attached[];
  /** Of an answer: what it wants called. */
  calls?: readonly Call[];
  /** Of a tool's answer: which call it answers. */
  call?: string;
}
