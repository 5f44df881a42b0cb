import { forAdmins, type Page } from "../page";

export const page: Page = {
  title: "Jobs",
  group: "Observe",
  place: 3,
  icon: "jobs",
  key: "j",
  routes: { "/jobs": () => import("./JobsPage"), "/jobs/:run": () => import("./JobPage") },
  isFor: forAdmins,
};
