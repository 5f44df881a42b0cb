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

/** Reads `application/problem+json`, or an error as OpenAI's clients know it, and makes the best of anything else. */
export async function readProblem(response: Response): Promise<Problem> {
  const body: unknown = await response.json().catch(() => null);
  const said = inner(body);
  const requestId = response.headers.get("x-request-id");
  if (typeof said !== "object" || said === null) {
    return new Problem(response.status, `The gateway answered ${response.status}.`, null, requestId);
  }
  const message = "message" in said && typeof said.message === "string" ? said.message : null;
  const detail = "detail" in said && typeof said.detail === "string" ? said.detail : message;
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

/** `{"error": {…}}` says it one step further in. */
function inner(body: unknown): unknown {
  return typeof body === "object" && body !== null && "error" in body ? body.error : body;
}
