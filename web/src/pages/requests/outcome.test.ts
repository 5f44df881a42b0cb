import { expect, it } from "vitest";
import { askedOtherwise, toneOf } from "./outcome";

it("tells what is ours to worry about from what is the caller's", () => {
  expect(toneOf({ outcome: "succeeded", status: 200 })).toBe("good");
  expect(toneOf({ outcome: "model_not_found", status: 404 })).toBe("warn");
  expect(toneOf({ outcome: "provider_unavailable", status: 503 })).toBe("bad");
  expect(toneOf({ outcome: "client_left", status: 499 })).toBe("idle");
});

it("says what was asked only where another answered", () => {
  const served = { provider: "openai", model: "gpt-4.1" };
  expect(askedOtherwise({ ...served, asked_model: "openai/gpt-4.1" })).toBeNull();
  expect(askedOtherwise({ ...served, asked_model: "gpt-4.1" })).toBeNull();
  expect(askedOtherwise({ ...served, asked_model: "smart" })).toBe("smart");
  expect(askedOtherwise({ provider: null, model: null, asked_model: "demo/nope" })).toBe("demo/nope");
});
