// @vitest-environment jsdom

import { afterEach, describe, expect, it, vi } from "vitest";
import { api, call, carryCsrf, onSignedOut, said } from "./client";
import { Problem } from "./problem";

function answering(status: number, body: unknown, headers: Record<string, string> = {}) {
  const sent: Request[] = [];
  vi.stubGlobal("fetch", async (request: Request) => {
    sent.push(request);
    return new Response(JSON.stringify(body), {
      status,
      headers: { "content-type": "application/json", ...headers },
    });
  });
  return sent;
}

afterEach(() => {
  vi.unstubAllGlobals();
  carryCsrf(null);
  onSignedOut(() => {});
});

describe("the client", () => {
  it("sends the session's word with what changes something, and with nothing else", async () => {
    carryCsrf("word");
    const sent = answering(200, { dropped: 1 });
    await said(api.POST("/api/prices/refresh"));
    await said(api.GET("/api/prices"));
    expect(sent.map((request) => request.headers.get("x-tollhouse-csrf"))).toEqual(["word", null]);
  });

  it("reads an error also as models' clients are told it", async () => {
    answering(404, { error: { message: "There is no such model.", code: "model_not_found" } });
    const failure = await call("http://localhost/v1/models").catch((error: unknown) => error);
    expect(failure).toMatchObject({ message: "There is no such model.", code: "model_not_found" });
  });

  it("says a failure in the gateway's own words", async () => {
    answering(404, { detail: "There is no such request.", code: "not_found" }, { "x-request-id": "req_1" });
    const failure = await said(api.GET("/api/prices")).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(Problem);
    expect(failure).toMatchObject({ status: 404, message: "There is no such request.", requestId: "req_1" });
  });

  it("tells that the session is over", async () => {
    const told = vi.fn();
    onSignedOut(told);
    answering(401, {});
    await expect(call("http://localhost/api/me")).rejects.toThrow(Problem);
    expect(told).toHaveBeenCalledOnce();
  });

  it("says so when nobody answers", async () => {
    vi.stubGlobal("fetch", async () => {
      throw new TypeError("failed to fetch");
    });
    await expect(call("http://localhost/api/me")).rejects.toThrow("does not answer");
  });

  it("lets whoever gave up a call hear just that", async () => {
    vi.stubGlobal("fetch", async () => {
      throw new DOMException("gone", "AbortError");
    });
    await expect(call("http://localhost/api/me")).rejects.toThrow(DOMException);
  });
});
