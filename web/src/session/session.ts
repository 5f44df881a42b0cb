/** Who is signed in. The cookie that proves it is out of this page's reach; no token is kept anywhere. */

import { call, carryCsrf } from "@/api/client";
import { Problem } from "@/api/problem";

export interface Session {
  user: string;
  name: string;
  scopes: string[];
  is_admin: boolean;
  csrf: string;
  expires_at: string;
}

const PATH = "/api/session";

/** Whoever is signed in, or nobody. */
export async function whoIsHere(): Promise<Session | null> {
  try {
    return await taken(await call(PATH));
  } catch (error) {
    if (error instanceof Problem && error.status === 401) return null;
    throw error;
  }
}

/** Signs in with a token, or with the code of a one-time link. */
export async function signIn(by: { token: string } | { code: string }): Promise<Session> {
  const headers = { "content-type": "application/json" };
  return taken(await call(PATH, { method: "POST", headers, body: JSON.stringify(by) }));
}

export async function signOut(): Promise<void> {
  await call(PATH, { method: "DELETE" });
  carryCsrf(null);
}

async function taken(response: Response): Promise<Session> {
  const session = (await response.json()) as Session;
  carryCsrf(session.csrf);
  return session;
}
