import { useQuery, useQueryClient } from "@tanstack/react-query";
import { type ReactNode, useEffect, useMemo } from "react";
import { onSignedOut } from "@/api/client";
import { Failure } from "@/parts/Failure";
import { SignIn } from "./SignIn";
import { type Session, signIn, signOut, whoIsHere } from "./session";
import { SessionContext } from "./useSession";

const KEY = ["session"];

interface Props {
  /** Of a one-time link, if one led here. */
  code: string | null;
  children: ReactNode;
}

/** Lets whoever is signed in pass, and asks all others to. */
export function SessionGate({ code, children }: Props) {
  const queries = useQueryClient();
  const here = useQuery({
    queryKey: KEY,
    queryFn: () => (code === null ? whoIsHere() : signIn({ code })),
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
  });
  useEffect(() => onSignedOut(() => queries.setQueryData(KEY, null)), [queries]);

  const session = here.data ?? null;
  const signedIn = useMemo(
    () => session && { session, signOut: () => void signOut().finally(() => leave()) },
    [session],
  );
  if (here.isPending) return null;
  if (signedIn !== null) return <SessionContext value={signedIn}>{children}</SessionContext>;
  const came = (made: Session) => {
    queries.setQueryData(KEY, made);
    queries.removeQueries({ predicate: (query) => query.queryKey[0] !== KEY[0] });
  };
  if (here.error !== null && code === null)
    return <Failure error={here.error} retry={() => void here.refetch()} />;
  return <SignIn came={came} linkFailed={here.error} />;
}

/** Starts anew, so that nothing of what was seen stays in memory. */
function leave(): void {
  window.location.assign(import.meta.env.BASE_URL);
}
