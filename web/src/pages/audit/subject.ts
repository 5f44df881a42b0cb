/** Where what was changed can be seen. Pure. */

const PLACES: Readonly<Record<string, (id: string) => string>> = {
  usr: (id) => `/keys?user=${id}`,
  tok: (id) => `/keys?token=${id}`,
  cred: () => "/providers",
  bud: (id) => `/budgets?budget=${id}`,
  run: (id) => `/jobs/${id}`,
  conv: (id) => `/conversations/${id}`,
  req: (id) => `/requests/${id}`,
};

/** Null where there is no such place: workspaces, for one. */
export function placeOfSubject(subject: string): string | null {
  return PLACES[subject.split("_")[0] ?? ""]?.(subject) ?? null;
}
