import type { Page } from "../page";

export const page: Page = {
  title: "Requests",
  group: "Observe",
  place: 1,
  icon: "requests",
  key: "r",
  routes: {
    "/requests": () => import("./RequestsPage"),
    "/requests/:request": () => import("./detail/RequestPage"),
    "/requests/:request/replay": () => import("./replay/ReplayPage"),
  },
};
