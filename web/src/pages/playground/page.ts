import type { Page } from "../page";

export const page: Page = {
  title: "Playground",
  group: "Build",
  place: 1,
  icon: "playground",
  key: "p",
  routes: { "/playground": () => import("./PlaygroundPage") },
  isFor: (session) => session.scopes.includes("inference"),
};
