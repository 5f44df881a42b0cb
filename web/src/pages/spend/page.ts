import type { Page } from "../page";

export const page: Page = {
  title: "Spend",
  group: "Observe",
  place: 2,
  icon: "spend",
  key: "s",
  routes: { "/spend": () => import("./SpendPage") },
};
