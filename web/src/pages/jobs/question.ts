/** Which jobs are asked for, as it stands in the address. */

import { readSpace, type Space } from "@/address/space";
import { isStatus, type JobStatus } from "./jobStatus";

export interface Question {
  status: JobStatus | null;
  user: string | null;
  error: string | null;
  space: Space;
}

export function readQuestion(search: URLSearchParams): Question {
  const status = search.get("status");
  return {
    status: isStatus(status) ? status : null,
    user: search.get("user"),
    error: search.get("error"),
    space: readSpace(search),
  };
}

/** As the API takes it. */
export function queryOf({ status, user, error, space }: Question) {
  return {
    ...space,
    ...(status !== null && { status }),
    ...(user !== null && { user }),
    ...(error !== null && { error }),
  };
}
