import { useMemo } from "react";
import { useSession } from "@/session/useSession";
import { readSpace, type Space } from "./space";
import { useAddress } from "./useAddress";

const ALL: Space = {};

/** The workspace that the address asks for; of whoever sees only what is theirs, none. */
export function useSpace(): Space {
  const { search } = useAddress();
  const { session } = useSession();
  return useMemo(() => (session.is_admin ? readSpace(search) : ALL), [search, session.is_admin]);
}
