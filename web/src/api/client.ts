/**
 * The public API, typed by the document that it publishes.
 *
 *     const { data } = await api.GET("/api/requests", { params: { query: { limit: 50 } } });
 *
 * A call that fails throws a `Problem`, so `data` is there; read it with `said`.
 */

import createClient from "openapi-fetch";
import { Problem, readProblem, UNREACHABLE } from "./problem";
import type { paths } from "./schema";

const CSRF_HEADER = "x-tollhouse-csrf";
const SAFE = new Set(["GET", "HEAD"]);

let csrf: string | null = null;
let whenSignedOut: () => void = () => {};

/** What must go with every call that changes something, as the session said it. */
export function carryCsrf(token: string | null): void {
  csrf = token;
}

/** Whom to tell that the session is over. */
export function onSignedOut(tell: () => void): void {
  whenSignedOut = tell;
}

/** `fetch`, as whoever is signed in. For what is no JSON: streams, files. Throws a `Problem` unless it went well. */
export async function call(input: Request | string, init?: RequestInit): Promise<Response> {
  const request = new Request(
    typeof input === "string" ? new URL(input, globalThis.location.origin) : input,
    init,
  );
  if (csrf !== null && !SAFE.has(request.method)) request.headers.set(CSRF_HEADER, csrf);
  const response = await fetch(request).catch((error: unknown) => {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new Problem(0, UNREACHABLE);
  });
  if (response.ok) return response;
  if (response.status === 401) whenSignedOut();
  throw await readProblem(response);
}

export const api = createClient<paths>({ baseUrl: globalThis.location.origin, fetch: call });

/** The body of an answer that has one. */
export async function said<T>(answer: Promise<{ data?: T }>): Promise<T> {
  const { data } = await answer;
  if (data === undefined) throw new Problem(0, "The gateway answered without a body.");
  return data;
}
