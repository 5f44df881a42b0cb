/** What an operator can do about a provider. Pure. */

import type { ProviderView } from "@/api/schema";

export type Deed = "pause" | "resume" | "reset";

export function deedsOf({ paused, breaker }: Pick<ProviderView, "paused" | "breaker">) {
  const deeds: { value: Deed; label: string }[] = [
    paused === null ? { value: "pause", label: "Pause" } : { value: "resume", label: "Resume" },
  ];
  if (breaker !== "closed") deeds.push({ value: "reset", label: "Ask it again at once" });
  return deeds;
}
