/**
 * Takes the code of a one-time link out of the address, so that it stays in no history and nobody reads it from the
 * screen. It stands behind the `#`, where it reaches no server's log.
 */
export function takeCode(): string | null {
  const { hash, pathname, search } = window.location;
  const code = new URLSearchParams(hash.slice(1)).get("code");
  if (code !== null) window.history.replaceState(null, "", pathname + search);
  return code;
}
