import { useState } from "react";
import { useSession } from "@/session/useSession";
import { readViews, type View, writeViews } from "./views";

/** The views that the reader has saved, kept in this browser; each user's apart, since they may name others. */
export function useViews(): [readonly View[], (views: readonly View[]) => void] {
  const { session } = useSession();
  const place = `tollhouse.requests.views.${session.user}`;
  const [views, keep] = useState(() => readViews(localStorage.getItem(place)));
  const change = (next: readonly View[]) => {
    localStorage.setItem(place, writeViews(next));
    keep([...next]);
  };
  return [views, change];
}
