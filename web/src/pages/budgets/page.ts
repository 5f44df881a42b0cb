import { forAdmins, type Page } from "../page";

export const page: Page = {
  title: "Budgets & alerts",
  group: "Control",
  place: 2,
  icon: "budgets",
  key: "b",
  routes: { "/budgets": () => import("./BudgetsPage") },
  isFor: forAdmins,
};
