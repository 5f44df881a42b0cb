import { describe, expect, it } from "vitest";
import { isRedacted, type Repeatable, repeatOf } from "./repeat";

function logged(body: object | string, more: Partial<Repeatable> = {}): Repeatable {
  const request = typeof body === "string" ? body : JSON.stringify(body);
  return {
    surface: "chat.completions",
    asked_model: "a/b",
    stream: false,
    payload: { request, response: "" },
    ...more,
  };
}

describe("a request once more", () => {
  it("is the same to the letter", () => {
    const body = '{ "model":"a/b",  "messages": [] }';
    expect(repeatOf(logged(body), "a/b")).toEqual({ path: "/v1/chat/completions", body });
  });

  it("is asked of another model with nothing else changed", () => {
    const { body } = repeatOf(logged({ model: "a/b", temperature: 0 }), "c/d") as { body: string };
    expect(JSON.parse(body)).toEqual({ model: "c/d", temperature: 0 });
  });

  it("names the model where its dialect does", () => {
    const google = logged({ contents: [] }, { surface: "generate_content", stream: true });
    expect(repeatOf(google, "google/x")).toEqual({
      path: "/v1beta/models/google/x:streamGenerateContent?alt=sse",
      body: '{"contents":[]}',
    });
  });

  it.each([
    ["not kept", { surface: "messages", asked_model: "a/b", stream: true }],
    ["not revealed", { surface: "messages", asked_model: "a/b", stream: true, has_payload: true }],
    ["in part", logged('{"messages": [{"ro')],
    ["in part", logged("[]")],
    ["no call of its own", logged({}, { surface: "conversations" })],
    ["in the background", logged({ background: true }, { surface: "responses" })],
    ["once more", logged({ conversation: "conv_1" }, { surface: "responses" })],
  ])("is refused where it cannot be: %s", (why, request) => {
    expect(repeatOf(request, "a/b")).toContain(why);
  });

  it("is known to lack the secrets that were in it", () => {
    expect(isRedacted(logged({ messages: [{ content: "my key is ***" }] }))).toBe(true);
    expect(isRedacted(logged({}))).toBe(false);
  });
});
