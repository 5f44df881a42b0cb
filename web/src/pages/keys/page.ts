import { forAdmins, type Page } from "../page";

export const page: Page = {
  title: "Keys & users",
  group: "Control",
  place: 1,
  icon: "keys",
  key: "k",
  routes: { "/keys": () => import("./KeysPage") },
  isFor: forAdmins,
};
