/** Why what was said is not there. Pure. */

import type { SettingView } from "@/api/schema";

/** As the settings that are in force tell it; without them, only that it is not kept. */
export function absenceOf(settings: readonly Pick<SettingView, "name" | "value">[]): string {
  const settingOf = (name: string) => settings.find((setting) => setting.name === name)?.value;
  const isOn = settingOf("requests.bodies");
  if (isOn === false) return "Nothing is kept of what is asked and answered: requests.bodies is off.";
  if (isOn !== true) return "Whoever runs this gateway decides whether it is kept, and for how long.";
  const most_mib = settingOf("requests.max_body_mib");
  const bound =
    typeof most_mib === "number" ? ` Beyond ${most_mib} MiB of all that is kept, the oldest goes first.` : "";
  return `It is kept now. This one came before that was so, or was deleted since.${bound}`;
}
