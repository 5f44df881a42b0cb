import { useTokenName } from "@/api/names";

/** Who did it: the token, by its name where that is known, or the command line. */
export function Actor({ actor }: { actor: string }) {
  return <span title={actor}>{useTokenName()(actor)}</span>;
}
