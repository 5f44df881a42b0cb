// @vitest-environment jsdom

import { describe, expect, it, vi } from "vitest";
import { Board, isTyping } from "./board";

function board(...keys: string[]) {
  const made = new Board();
  for (const one of keys) made.add({ keys: one, label: one, run: vi.fn() });
  return (key: string, now_ms = 0) => made.press(key, now_ms)?.keys ?? null;
}

describe("shortcuts", () => {
  it("waits for the second of two keys, and not for ever", () => {
    const press = board("g r", "r");
    expect([press("g"), press("r")]).toEqual([null, "g r"]);
    expect([press("g", 0), press("r", 5000)]).toEqual([null, "r"]);
  });

  it("takes a second key that means nothing after the first for itself", () => {
    const press = board("g r", "j");
    expect([press("g"), press("j")]).toEqual([null, "j"]);
  });

  it("lets the page's own word win over the frame's, until it is gone", () => {
    const made = new Board();
    made.add({ keys: "y", label: "frame", run: vi.fn() });
    const remove = made.add({ keys: "y", label: "page", run: vi.fn() });
    expect(made.press("y", 0)?.label).toBe("page");
    remove();
    expect(made.press("y", 0)?.label).toBe("frame");
  });

  it("leaves keys to whoever types", () => {
    const input = document.createElement("input");
    const button = document.createElement("button");
    expect([isTyping(input), isTyping(button), isTyping(null)]).toEqual([true, false, false]);
  });
});
