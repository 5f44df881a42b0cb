import { useCallback } from "react";
import { useTokenName, useUserName, useWorkspaceName } from "@/api/names";

/** Whose budget it is, in words. */
export function useOwnerName(): (owner: Readonly<Record<string, string>>) => string {
  const userOf = useUserName();
  const workspaceOf = useWorkspaceName();
  const tokenOf = useTokenName();
  return useCallback(
    ({ user, workspace, token }) => {
      if (user !== undefined) return userOf(user);
      if (workspace !== undefined) return `All of ${workspaceOf(workspace)}`;
      return token === undefined ? "Nobody" : `Token ${tokenOf(token)}`;
    },
    [userOf, workspaceOf, tokenOf],
  );
}
