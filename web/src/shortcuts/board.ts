/** Keys and what they do. Pure but for the board itself, which is one for the page. */

export interface Shortcut {
  /** "j", "?", or two in a row: "g r". */
  keys: string;
  label: string;
  run: () => void;
}

const PATIENCE_MS = 1200;

/** The shortcuts there are now, and the first key of two while the second is awaited. The latest said wins. */
export class Board {
  #all: Shortcut[] = [];
  #before: { key: string; at: number } | null = null;

  add(shortcut: Shortcut): () => void {
    this.#all = [...this.#all, shortcut];
    return () => {
      this.#all = this.#all.filter((one) => one !== shortcut);
    };
  }

  all(): readonly Shortcut[] {
    return this.#all;
  }

  /** What a key means, after what was pressed before. */
  press(key: string, now_ms: number): Shortcut | null {
    const before = this.#before !== null && now_ms - this.#before.at < PATIENCE_MS ? this.#before.key : null;
    this.#before = null;
    const keys = before === null ? key : `${before} ${key}`;
    const found =
      this.#all.findLast((one) => one.keys === keys) ?? this.#all.findLast((one) => one.keys === key);
    if (before === null && this.#all.some((one) => one.keys.startsWith(`${key} `)))
      this.#before = { key, at: now_ms };
    return found ?? null;
  }
}

/** Whether a key belongs to what has the focus, and is no shortcut. */
export function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  return (
    target.isContentEditable ||
    target.matches("input, textarea, select, [role=menu] *, [role=listbox] *, [role=dialog] *")
  );
}
