import type { HoldView } from "@/api/schema";
import { Confirm } from "@/parts/Confirm";
import { useRelease } from "./useHolds";

interface Props {
  hold: HoldView | null;
  close: () => void;
}

export function ReleaseHold({ hold, close }: Props) {
  const release = useRelease();
  return (
    <Confirm
      title="Release what is held"
      verb="Release"
      isOpen={hold !== null}
      close={close}
      send={() => hold !== null && release.mutate(hold.id, { onSuccess: close })}
      isSending={release.isPending}
      error={release.error}
    >
      <p>
        Do this when you know that {hold?.provider} did not bill the call. It is given back to every budget,
        and can be spent again.
      </p>
    </Confirm>
  );
}
