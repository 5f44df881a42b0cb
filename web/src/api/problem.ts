/** What went wrong with a call, in the words of the gateway, which says what to do about it. */
export class Problem extends Error {
  override name = "Problem";

  constructor(
    readonly status: number,
    message: string,
    readonly code: string | null = null,
    readonly requestId: string | null = null,
  ) {
    super(message);
  }
}

/** Reads `application/problem+json`, and makes the best of an answer that is something else, or of none. */
export async function readProblem(response: Response): Promise<Problem> {
  const said: unknown = await response.json().catch(() => null);
  const requestId = response.headers.get("x-request-id");
  if (typeof said !== "object" || said === null) {
    return new Problem(response.status, `The gateway answered ${response.status}.`, null, requestId);
  }
  const detail = "detail" in said && typeof said.detail === "string" ? said.detail : null;
  const title = "title" in said && typeof said.title === "string" ? said.title : null;
  const code = "code" in said && typeof said.code === "string" ? said.code : null;
  return new Problem(
    response.status,
    detail ?? title ?? `The gateway answered ${response.status}.`,
    code,
    requestId,
  );
}

export const UNREACHABLE = "The gateway does not answer. Is it running?";
