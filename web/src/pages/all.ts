import { GROUPS, type Page } from "./page";

const found = import.meta.glob<{ page: Page }>("./*/page.ts", { eager: true });

/** Every page that has a folder here, in the order of the menu. */
export const PAGES: readonly Page[] = Object.values(found)
  .map((folder) => folder.page)
  .sort((a, b) => GROUPS.indexOf(a.group) - GROUPS.indexOf(b.group) || a.place - b.place);
