import { useCallback } from "react";
import { useUserName } from "@/api/names";
import { shortId } from "@/format/id";
import { useWorkspaceName } from "../keys/useWorkspaces";

/** Whose budget it is, in words. */
export function useOwnerName(): (owner: Readonly<Record<string, string>>) => string {
  const userOf = useUserName();
  const workspaceOf = useWorkspaceName();
  return useCallback(
    ({ user, workspace, token }) => {
      if (user !== undefined) return userOf(user);
      if (workspace !== undefined) return `All of ${workspaceOf(workspace)}`;
      return token === undefined ? "Nobody" : `Token ${shortId(token)}`;
    },
    [userOf, workspaceOf],
  );
}
