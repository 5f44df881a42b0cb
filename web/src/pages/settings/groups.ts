/** Settings by the table that they stand in. Pure. */

import type { SettingView } from "@/api/schema";

export interface Group {
  table: string;
  settings: SettingView[];
}

const ALONE = "general";

/** Those that match what one looks for, by table, in the order in which they came. */
export function groupsOf(settings: readonly SettingView[], wanted: string, onlySet: boolean): Group[] {
  const groups: Group[] = [];
  for (const setting of settings) {
    if ((onlySet && setting.origin === "default") || !matches(setting, wanted)) continue;
    const table = tableOf(setting.name);
    const group = groups.find((one) => one.table === table);
    if (group === undefined) groups.push({ table, settings: [setting] });
    else group.settings.push(setting);
  }
  return groups;
}

function tableOf(name: string): string {
  const at = name.lastIndexOf(".");
  return at < 0 ? ALONE : name.slice(0, at);
}

function matches({ name, variable, meaning }: SettingView, wanted: string): boolean {
  const words = wanted.toLowerCase().split(/\s+/).filter(Boolean);
  const text = `${name} ${variable} ${meaning}`.toLowerCase();
  return words.every((word) => text.includes(word));
}
