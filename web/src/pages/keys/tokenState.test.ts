import { expect, it } from "vitest";
import { inOrder, tokenState } from "./tokenState";

const NOW = new Date("2026-11-30T12:00:00Z");
const TOKEN = { created_at: "2026-11-01T00:00:00Z", expires_at: null, revoked_at: null, last_used_at: null };
const told = (seen: Partial<Record<keyof typeof TOKEN, string>>) => tokenState({ ...TOKEN, ...seen }, NOW);

it("says of a revoked token nothing but that", () => {
  const revoked = told({ revoked_at: "2026-11-02T00:00:00Z", expires_at: "2026-12-01T00:00:00Z" });
  expect(revoked).toMatchObject({ words: "revoked", isAlive: false });
});

it("takes a token for expired at the very moment it expires", () => {
  expect(told({ expires_at: "2026-11-30T12:00:00Z" })).toMatchObject({ words: "expired", isAlive: false });
});

it("warns before a token expires", () => {
  expect(told({ expires_at: "2026-12-09T12:00:00Z" })).toMatchObject({ tone: "warn", isAlive: true });
  expect(told({ expires_at: "2027-06-01T00:00:00Z" }).tone).toBe("good");
});

it("finds a token that nobody uses, also one that nobody ever used", () => {
  expect(told({ created_at: "2026-07-01T00:00:00Z" }).words).toBe("unused for 90 days");
  expect(told({ created_at: "2026-07-01T00:00:00Z", last_used_at: "2026-11-29T00:00:00Z" }).tone).toBe(
    "good",
  );
});

it("puts what still opens the door first", () => {
  const old = { ...TOKEN, created_at: "2026-10-01T00:00:00Z" };
  const revoked = { ...TOKEN, revoked_at: "2026-11-02T00:00:00Z" };
  expect(inOrder([revoked, old, TOKEN], NOW)).toEqual([TOKEN, old, revoked]);
});
