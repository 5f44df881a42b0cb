/**
 * Whoever works on the dashboard is signed in by the development server, which knows the token and never tells the page.
 *
 *     TOLLHOUSE_TOKEN=th_live_… npm run dev
 */

import type { Plugin } from "vite";

const SESSION = {
  user: "dev",
  name: "developer",
  scopes: [
    "admin:*",
    "conversations:read",
    "conversations:write",
    "credentials:write",
    "inference",
    "jobs",
    "usage:read",
  ],
  is_admin: true,
  csrf: "dev",
  expires_at: "2999-01-01T00:00:00Z",
};

export function signedIn(token: string | undefined): Plugin {
  return {
    name: "signed-in",
    apply: "serve",
    configureServer(server) {
      if (token === undefined) return;
      server.middlewares.use((request, response, next) => {
        if (request.url === "/api/session") {
          response.setHeader("content-type", "application/json");
          response.end(JSON.stringify(SESSION));
          return;
        }
        request.headers.authorization = `Bearer ${token}`;
        next();
      });
    },
  };
}
