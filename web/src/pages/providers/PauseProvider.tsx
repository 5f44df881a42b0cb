import { PauseDialog } from "@/parts/PauseDialog";
import { useProviderDeeds } from "./useProviderDeeds";

interface Props {
  provider: string | null;
  close: () => void;
}

/** Lets nobody ask a provider, until it is resumed. */
export function PauseProvider({ provider, close }: Props) {
  const { pause } = useProviderDeeds();
  return (
    <PauseDialog
      title={`Pause ${provider ?? "a provider"}`}
      isOpen={provider !== null}
      close={close}
      send={(reason) => provider !== null && pause.mutate({ provider, reason }, { onSuccess: close })}
      isSending={pause.isPending}
      error={pause.error}
    >
      <p>
        Routes pass over it, in every process within five seconds. Whoever asks for one of its models alone is
        refused, and told why.
      </p>
    </PauseDialog>
  );
}
