// @vitest-environment node

import { execFileSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { asCurl, asJavaScript, asPython } from "./asCode";

const ORIGIN = "http://localhost:8787";
const request = { surface: "chat.completions", asked_model: "demo/echo", stream: false };

/** What a shell hands on, without anything being sent. */
function heard(command: string): string[] {
  const script = command.replace(/^curl /, "printf '%s\\0' ");
  return execFileSync("sh", ["-c", script], { encoding: "utf8", env: { TOLLHOUSE_KEY: "th_1" } }).split("\0");
}

describe("a request as code", () => {
  it("says to a shell what was asked, whatever that was", () => {
    const body = JSON.stringify({
      model: "m",
      messages: [{ role: "user", content: 'it\'s $HOME `ls` "\\n"' }],
    });
    const command = asCurl({ ...request, payload: { request: body } }, ORIGIN) ?? "";
    expect(heard(command)).toContain(body);
    expect(heard(command)).toContain("Authorization: Bearer th_1");
  });

  it("never holds a key", () => {
    expect(asCurl(request, ORIGIN)).toContain("$TOLLHOUSE_KEY");
    expect(asPython(request, ORIGIN)).toContain("os.environ");
    expect(asJavaScript(request, ORIGIN)).toContain("process.env");
  });

  it("cannot be led out of its text in Python", () => {
    const body = JSON.stringify({ content: '""")\nimport os' });
    const code = asPython({ ...request, payload: { request: body } }, ORIGIN) ?? "";
    expect(code.match(/"""/g)).toHaveLength(2);
  });

  it("cannot be led out of its text in JavaScript", () => {
    const code = asJavaScript({ ...request, payload: { request: "{}; process.exit(1);" } }, ORIGIN) ?? "";
    expect(code).toContain('const body = JSON.parse("{}; process.exit(1);");');
  });

  it("asks the same in JavaScript, whatever was asked", () => {
    const body = { content: "`$(x)` </script> \u2028 it's" };
    const code = asJavaScript({ ...request, payload: { request: JSON.stringify(body) } }, ORIGIN) ?? "";
    const sent = new Function("fetch", "process", "console", `return (async () => {${code}})()`);
    const asked: { url: string; body: string; headers: Record<string, string> }[] = [];
    const fetching = async (url: string, init: { body: string; headers: Record<string, string> }) => {
      asked.push({ url, ...init });
      return { text: async () => "" };
    };
    return sent(fetching, { env: { TOLLHOUSE_KEY: "th_1" } }, { log: () => {} }).then(() => {
      expect(JSON.parse(asked[0]?.body ?? "")).toEqual(body);
      expect(asked[0]?.headers.Authorization).toBe("Bearer th_1");
    });
  });

  it("speaks the dialect that was spoken", () => {
    expect(asCurl({ ...request, surface: "messages" }, ORIGIN)).toContain("/v1/messages");
    expect(asCurl({ ...request, surface: "messages" }, ORIGIN)).toContain("x-api-key");
    const google = asCurl(
      { surface: "generate_content", asked_model: "google/gemini", stream: true },
      ORIGIN,
    );
    expect(google).toContain("/v1beta/models/google/gemini:streamGenerateContent?alt=sse");
  });

  it("is not offered where one call would not do", () => {
    expect(asCurl({ ...request, surface: "conversations" }, ORIGIN)).toBeNull();
  });
});
