/** The same request again, as one would write it. The key stays for the reader to fill in. Pure. */

import type { RequestView } from "@/api/schema";
import { pathOf } from "./path";

export type Repeatable = Pick<RequestView, "surface" | "asked_model" | "stream"> & {
  payload?: { request: string | null } | null | undefined;
};

/** Null where it cannot be asked again by one call: a turn of a conversation, for one. */
export function asCurl(request: Repeatable, origin: string): string | null {
  const path = pathOf(request);
  if (path === null) return null;
  const key =
    request.surface === "messages" ? "x-api-key: $TOLLHOUSE_KEY" : "Authorization: Bearer $TOLLHOUSE_KEY";
  return [
    `curl ${origin}${path} \\`,
    `  -H "${key}" \\`,
    '  -H "Content-Type: application/json" \\',
    `  -d ${shellQuoted(bodyOf(request))}`,
  ].join("\n");
}

export function asPython(request: Repeatable, origin: string): string | null {
  const path = pathOf(request);
  if (path === null) return null;
  const key =
    request.surface === "messages"
      ? '"x-api-key": os.environ["TOLLHOUSE_KEY"]'
      : '"Authorization": f"Bearer {os.environ[\'TOLLHOUSE_KEY\']}"';
  return [
    "import json",
    "import os",
    "",
    "import httpx",
    "",
    `body = json.loads(r"""${bodyOf(request).replaceAll('"""', "\\u0022\\u0022\\u0022")}""")`,
    `answer = httpx.post("${origin}${path}", headers={${key}}, json=body, timeout=600)`,
    "print(answer.text)",
  ].join("\n");
}

export function asJavaScript(request: Repeatable, origin: string): string | null {
  const path = pathOf(request);
  if (path === null) return null;
  const key =
    request.surface === "messages"
      ? '"x-api-key": process.env.TOLLHOUSE_KEY'
      : 'Authorization: "Bearer " + process.env.TOLLHOUSE_KEY';
  return [
    `const body = ${scriptQuoted(bodyOf(request))};`,
    `const answer = await fetch("${origin}${path}", {`,
    '  method: "POST",',
    `  headers: { ${key}, "Content-Type": "application/json" },`,
    "  body: JSON.stringify(body),",
    "});",
    "console.log(await answer.text());",
  ].join("\n");
}

/** Whether the whole of what was asked is known, or only to which model it went. */
export function isWhole(request: Repeatable): boolean {
  return request.payload?.request != null;
}

function bodyOf(request: Repeatable): string {
  return request.payload?.request ?? outline(request);
}

function outline({ surface, asked_model: model, stream }: Repeatable): string {
  const streamed = stream ? { stream } : {};
  const said = [{ role: "user", content: "…" }];
  if (surface === "generate_content")
    return JSON.stringify({ contents: [{ role: "user", parts: [{ text: "…" }] }] });
  if (surface === "messages") return JSON.stringify({ model, max_tokens: 1024, messages: said, ...streamed });
  if (surface === "chat.completions") return JSON.stringify({ model, messages: said, ...streamed });
  return JSON.stringify({ model, input: "…", ...streamed });
}

function shellQuoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** JSON is JavaScript as it is; what is none stays a text, whatever it would do. */
function scriptQuoted(text: string): string {
  try {
    JSON.parse(text);
    return text;
  } catch {
    return `JSON.parse(${JSON.stringify(text)})`;
  }
}
