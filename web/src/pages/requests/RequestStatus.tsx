import type { RequestView } from "@/api/schema";
import { Status } from "@/parts/Status";
import { toneOf, wordsOf } from "./outcome";

/** How it ended: the status that was answered, and why where it is not 200. */
export function RequestStatus({ request }: { request: RequestView }) {
  return (
    <Status tone={toneOf(request)}>
      {request.status}
      {request.outcome !== "succeeded" && ` ${wordsOf(request.outcome)}`}
    </Status>
  );
}
