import { expect, it } from "vitest";
import { readTokensAsked } from "./tokensAsked";

it("takes what it knows of the address, and nothing else", () => {
  expect(readTokensAsked(new URLSearchParams(""))).toEqual({ state: null, unused: null });
  expect(readTokensAsked(new URLSearchParams("state=revoked&unused=90"))).toEqual({
    state: "revoked",
    unused: 90,
  });
  expect(readTokensAsked(new URLSearchParams("state=lost&unused=7"))).toEqual({ state: null, unused: null });
});
