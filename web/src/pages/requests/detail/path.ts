/** Where a request was sent, and could be sent again. Pure. */

import type { RequestView } from "@/api/schema";

const PATHS: Readonly<Record<string, string>> = {
  "chat.completions": "/v1/chat/completions",
  responses: "/v1/responses",
  embeddings: "/v1/embeddings",
  moderations: "/v1/moderations",
  messages: "/v1/messages",
};

/** Null where no one call does it: a turn of a conversation, for one. */
export function pathOf(request: Pick<RequestView, "surface" | "asked_model" | "stream">): string | null {
  if (request.surface !== "generate_content") return PATHS[request.surface] ?? null;
  if (request.asked_model === null) return null;
  return `/v1beta/models/${request.asked_model}:${request.stream ? "streamGenerateContent?alt=sse" : "generateContent"}`;
}
