/** What a page is. Each folder beside this file has a `page.ts` that says one, and is a page by that alone. */

import type { ComponentType } from "react";
import type { IconName } from "@/parts/Icon";
import type { Session } from "@/session/session";

export const GROUPS = ["", "Build", "Observe", "Control", "System"] as const;

export interface Page {
  /** As it stands in the menu. */
  title: string;
  group: (typeof GROUPS)[number];
  /** Its place within the group. */
  place: number;
  icon: IconName;
  /** Opens it after `g`. */
  key: string;
  /** Its addresses below /ui; the first is where the menu leads. A component is loaded when it is wanted. */
  routes: Readonly<Record<string, () => Promise<{ default: ComponentType }>>>;
  /** Who has it; without this, everybody. */
  isFor?: (session: Session) => boolean;
}

export const forAdmins = (session: Session): boolean => session.is_admin;

/** Where the menu leads. */
export function pathOf(page: Page): string {
  return Object.keys(page.routes)[0] ?? "/";
}
