import type { Page } from "../page";

export const page: Page = {
  title: "Conversations",
  group: "Build",
  place: 2,
  icon: "conversations",
  key: "c",
  routes: {
    "/conversations": () => import("./ConversationsPage"),
    "/conversations/:conversation": () => import("./thread/ConversationPage"),
  },
  isFor: (session) => session.scopes.includes("conversations:read"),
};
