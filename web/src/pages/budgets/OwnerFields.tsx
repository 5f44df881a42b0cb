import { useQuery } from "@tanstack/react-query";
import { api, said } from "@/api/client";
import { useUsers, useWorkspaces } from "@/api/names";
import { Select } from "@/parts/Select";

const SOME = 500;
const NOBODY = { value: "", label: "Choose somebody" };
export const ALL_TOKENS = "";

interface Props {
  /** Of a user or a workspace. */
  owner: string;
  give: (owner: string) => void;
  token: string;
  narrow: (token: string) => void;
}

/** Whose budget it is: a user's, one token's of theirs, or a workspace's. */
export function OwnerFields({ owner, give, token, narrow }: Props) {
  const users = useUsers().data?.data ?? [];
  const workspaces = useWorkspaces().data?.data ?? [];
  const isUser = owner !== "" && users.some((one) => one.id === owner);
  const tokens = useQuery({
    queryKey: ["user", owner, "tokens"],
    queryFn: ({ signal }) =>
      said(
        api.GET("/api/users/{user}/tokens", {
          params: { path: { user: owner }, query: { limit: SOME } },
          signal,
        }),
      ),
    enabled: isUser,
  });
  const alive = (tokens.data?.data ?? []).filter((one) => one.revoked_at === null);
  const chosen = (value: string) => {
    give(value);
    narrow(ALL_TOKENS);
  };
  return (
    <>
      <Select
        label="Whose"
        options={[
          NOBODY,
          ...users.map((one) => ({ value: one.id, label: one.name })),
          ...workspaces.map((one) => ({ value: one.id, label: `All of ${one.name}, together` })),
        ]}
        value={owner}
        choose={chosen}
      />
      {isUser && (
        <Select
          label="With which token"
          options={[
            { value: ALL_TOKENS, label: "With any" },
            ...alive.map((one) => ({ value: one.id, label: one.name })),
          ]}
          value={token}
          choose={narrow}
        />
      )}
    </>
  );
}
