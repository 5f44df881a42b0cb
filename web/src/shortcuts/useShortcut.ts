import { useEffect, useRef } from "react";
import { Board, isTyping } from "./board";

const board = new Board();
const KEPT_AS = "tollhouse.shortcuts";

export function areShortcutsOn(): boolean {
  return localStorage.getItem(KEPT_AS) !== "off";
}

/** Single keys can be in the way of whoever speaks to a computer, so all can be switched off. */
export function switchShortcuts(on: boolean): void {
  if (on) localStorage.removeItem(KEPT_AS);
  else localStorage.setItem(KEPT_AS, "off");
}

export function shortcuts() {
  return board.all();
}

/** A key that does something while this part of the page is there. It must be a visible control as well. */
export function useShortcut(keys: string, label: string, run: () => void): void {
  const latest = useRef(run);
  latest.current = run;
  useEffect(() => board.add({ keys, label, run: () => latest.current() }), [keys, label]);
}

/** Listens to the keyboard; once, in the frame. */
export function useKeyboard(): void {
  useEffect(() => {
    const hear = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
      if (isTyping(event.target) || !areShortcutsOn()) return;
      const found = board.press(event.key, event.timeStamp);
      if (found === null) return;
      event.preventDefault();
      found.run();
    };
    window.addEventListener("keydown", hear);
    return () => window.removeEventListener("keydown", hear);
  }, []);
}
