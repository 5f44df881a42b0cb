import { expect, it } from "vitest";
import { NO_BRIEF } from "./body";
import { conversationOf } from "./conversation";
import { DEMO } from "./panes";

const PICTURE = { name: "a.png", type: "image/png", url: "data:image/png;base64,AAAA" };
const CALL = { id: "call_1", name: "add", arguments: "{}" };

it("keeps who was asked, how, and what was said", () => {
  const brief = { ...NO_BRIEF, system: " Be brief. " };
  const kept = conversationOf({ ...DEMO, temperature: "0" }, brief, [
    { role: "user", content: "Look \n at this", files: [PICTURE] },
    { role: "assistant", content: "", calls: [CALL] },
    { role: "tool", content: "3", call: "call_1" },
  ]);
  expect(kept).toEqual({
    title: "Look at this",
    system: "Be brief.",
    model: "demo/echo",
    settings: { temperature: 0 },
    messages: [
      {
        role: "user",
        content: [
          { type: "image", url: PICTURE.url },
          { type: "text", text: "Look \n at this" },
        ],
      },
      { role: "assistant", content: [{ type: "tool_call", ...CALL }] },
      { role: "tool", content: [{ type: "tool_result", tool_call_id: "call_1", content: "3" }] },
    ],
  });
});
