/** An address below /ui/, with what is said of filters and without what is not. */
export function href(path: string, search: Readonly<Record<string, string | null | undefined>> = {}): string {
  const said = new URLSearchParams();
  for (const [name, value] of Object.entries(search)) {
    if (value !== null && value !== undefined && value !== "") said.set(name, value);
  }
  const text = said.toString();
  return text === "" ? path : `${path}?${text}`;
}
