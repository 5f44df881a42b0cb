import { forAdmins, type Page } from "../page";

export const page: Page = {
  title: "Providers",
  group: "Control",
  place: 4,
  icon: "providers",
  key: "v",
  routes: { "/providers": () => import("./ProvidersPage") },
  isFor: forAdmins,
};
