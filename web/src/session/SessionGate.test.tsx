// @vitest-environment jsdom

import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { cleanup, render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, describe, expect, it, vi } from "vitest";
import { api, said } from "@/api/client";
import { SessionGate } from "./SessionGate";
import { useSession } from "./useSession";

const ADA = {
  user: "usr_1",
  name: "Ada",
  scopes: [],
  is_admin: false,
  csrf: "word",
  expires_at: "2999-01-01T00:00:00Z",
};

function Inside() {
  return <p>Hello {useSession().session.name}</p>;
}

function open(code: string | null = null) {
  const queries = new QueryClient();
  render(
    <QueryClientProvider client={queries}>
      <SessionGate code={code}>
        <Inside />
      </SessionGate>
    </QueryClientProvider>,
  );
}

/** A gateway that knows one token and one code. */
function gateway({ isSignedIn = false } = {}) {
  let signedIn = isSignedIn;
  const heard: string[] = [];
  vi.stubGlobal("fetch", async (request: Request) => {
    const body = request.method === "POST" ? await request.text() : "";
    heard.push(`${request.method} ${new URL(request.url).pathname} ${body}`.trim());
    if (request.method === "POST") signedIn ||= /"th_right"|"right"/.test(body);
    return signedIn
      ? Response.json(ADA, { status: request.method === "POST" ? 201 : 200 })
      : Response.json({ detail: "That is no token of ours." }, { status: 401 });
  });
  return { heard, end: () => (signedIn = false) };
}

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

describe("the door", () => {
  it("lets in whoever is signed in already", async () => {
    gateway({ isSignedIn: true });
    open();
    await screen.findByText("Hello Ada");
  });

  it("takes a token, and says what is wrong with another", async () => {
    gateway();
    open();
    const user = userEvent.setup();
    await user.type(await screen.findByLabelText("Token"), "th_wrong{Enter}");
    expect((await screen.findByRole("alert")).textContent).toContain("That is no token of ours.");
    await user.clear(screen.getByLabelText("Token"));
    await user.type(screen.getByLabelText("Token"), " th_right {Enter}");
    await screen.findByText("Hello Ada");
  });

  it("sends the code of a link once, and nothing else", async () => {
    const { heard } = gateway();
    open("right");
    await screen.findByText("Hello Ada");
    expect(heard).toEqual(['POST /api/session {"code":"right"}']);
  });

  it("asks for a token where the link was used already", async () => {
    gateway();
    open("used");
    await screen.findByLabelText("Token");
    expect(screen.getByRole("alert").textContent).toContain("That is no token of ours.");
  });

  it("shuts when a session is over, wherever that is noticed", async () => {
    const { end } = gateway({ isSignedIn: true });
    open();
    await screen.findByText("Hello Ada");
    end();
    await said(api.GET("/api/prices")).catch(() => null);
    await screen.findByLabelText("Token");
  });
});
