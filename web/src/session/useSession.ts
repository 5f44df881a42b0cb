import { createContext, use } from "react";
import type { Session } from "./session";

export interface SignedIn {
  session: Session;
  signOut: () => void;
}

export const SessionContext = createContext<SignedIn | null>(null);

/** Who is signed in; within the frame there is always somebody. */
export function useSession(): SignedIn {
  const signedIn = use(SessionContext);
  if (signedIn === null) throw new Error("nobody is signed in here");
  return signedIn;
}
