import type { UserView } from "@/api/schema";
import { Confirm } from "@/parts/Confirm";
import { useUserDeeds } from "./useUserDeeds";

export function Disable({ user, isOpen, close }: { user: UserView; isOpen: boolean; close: () => void }) {
  const { disable } = useUserDeeds();
  return (
    <Confirm
      title={`Disable ${user.name}`}
      verb="Disable"
      isOpen={isOpen}
      close={close}
      send={() => disable.mutate(user.id, { onSuccess: close })}
      isSending={disable.isPending}
      error={disable.error}
    >
      <p>
        None of their tokens is let in any more, within a few seconds, and whoever is signed in with one is
        signed out. Their tokens, limits and budgets stay as they are until you enable them again.
      </p>
    </Confirm>
  );
}
