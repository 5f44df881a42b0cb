import type { TokenView } from "@/api/schema";
import { Confirm } from "@/parts/Confirm";
import { useTokenDeeds } from "./useTokenDeeds";

interface Props {
  user: string;
  token: TokenView | null;
  close: () => void;
}

export function RevokeToken({ user, token, close }: Props) {
  const { revoke } = useTokenDeeds(user);
  return (
    <Confirm
      title="Revoke the token"
      verb="Revoke"
      isOpen={token !== null}
      close={close}
      send={() => token !== null && revoke.mutate(token.id, { onSuccess: close })}
      isSending={revoke.isPending}
      error={revoke.error}
    >
      <p>
        Whoever calls with <strong>{token?.name}</strong> (<code>{token?.prefix}…</code>) is let in no more,
        within a few seconds. That cannot be undone: give them a new one first.
      </p>
    </Confirm>
  );
}
