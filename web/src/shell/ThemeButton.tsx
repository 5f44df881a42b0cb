import { useState } from "react";
import { Button } from "@/parts/Button";
import type { IconName } from "@/parts/Icon";
import { chooseTheme, chosenTheme, THEMES, type Theme } from "./theme";

const ICONS: Record<Theme, IconName> = { system: "system", light: "sun", dark: "moon" };
const LABELS: Record<Theme, string> = { system: "as the system", light: "light", dark: "dark" };

/** Goes round: as the system has it, light, dark. */
export function ThemeButton() {
  const [theme, show] = useState(chosenTheme);
  const next = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length] ?? "system";
  const choose = () => {
    chooseTheme(next);
    show(next);
  };
  return <Button look="quiet" icon={ICONS[theme]} aria-label={`Theme: ${LABELS[theme]}`} onPress={choose} />;
}
