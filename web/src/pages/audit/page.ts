import { forAdmins, type Page } from "../page";

export const page: Page = {
  title: "Audit",
  group: "System",
  place: 2,
  icon: "audit",
  key: "a",
  routes: { "/audit": () => import("./AuditPage") },
  isFor: forAdmins,
};
