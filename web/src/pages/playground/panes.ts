/** Whom one asks side by side, as it stands in the address: `?model=a&temperature=0&model2=b`. Pure. */

export interface Pane {
  model: string;
  temperature: string;
  topP: string;
  maxTokens: string;
}

type Search = Pick<URLSearchParams, "get">;

const NAMES = { model: "model", temperature: "temperature", topP: "top_p", maxTokens: "max_tokens" } as const;
const FIELDS = Object.keys(NAMES) as (keyof Pane)[];

export const MOST_PANES = 3;
export const DEMO: Pane = { model: "demo/echo", temperature: "", topP: "", maxTokens: "" };

/** One to three of them; the demo's where the address names no model. */
export function readPanes(search: Search): Pane[] {
  const panes = Array.from({ length: MOST_PANES }, (_, place) => paneAt(search, place));
  const missing = panes.findIndex((pane, place) => place > 0 && pane.model === "");
  const [first = DEMO, ...others] = missing < 0 ? panes : panes.slice(0, missing);
  return [{ ...first, model: first.model || DEMO.model }, ...others];
}

/** What to change in the address, so that these stand there and no others. */
export function writtenPanes(panes: readonly Pane[]): Record<string, string | null> {
  const places = Array.from({ length: MOST_PANES }, (_, place) => place);
  return Object.fromEntries(
    places.flatMap((place) =>
      FIELDS.map((field) => [nameAt(field, place), panes[place]?.[field].trim() || null]),
    ),
  );
}

function paneAt(search: Search, place: number): Pane {
  const [model = "", temperature = "", topP = "", maxTokens = ""] = FIELDS.map(
    (field) => search.get(nameAt(field, place)) ?? "",
  );
  return { model, temperature, topP, maxTokens };
}

/** The first has plain names, so that `?model=` is enough. */
function nameAt(field: keyof Pane, place: number): string {
  return place === 0 ? NAMES[field] : `${NAMES[field]}${place + 1}`;
}
