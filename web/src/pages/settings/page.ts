import { forAdmins, type Page } from "../page";

export const page: Page = {
  title: "Settings",
  group: "System",
  place: 1,
  icon: "settings",
  key: "e",
  routes: { "/settings": () => import("./SettingsPage") },
  isFor: forAdmins,
};
