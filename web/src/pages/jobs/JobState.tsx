import { Status } from "@/parts/Status";
import { toneOf, wordsOf } from "./jobStatus";

export function JobState({ status }: { status: string }) {
  return <Status tone={toneOf(status)}>{wordsOf(status)}</Status>;
}
