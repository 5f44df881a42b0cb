import { forAdmins, type Page } from "../page";

export const page: Page = {
  title: "Models & routing",
  group: "Control",
  place: 3,
  icon: "models",
  key: "m",
  routes: { "/models": () => import("./ModelsPage") },
  isFor: forAdmins,
};
