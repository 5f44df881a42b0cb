import type { Page } from "../page";

export const page: Page = {
  title: "Home",
  group: "",
  place: 0,
  icon: "home",
  key: "h",
  routes: { "/": () => import("./HomePage") },
};
