import type { WebhookView } from "@/api/schema";
import { Confirm } from "@/parts/Confirm";
import { useWebhookDeeds } from "./useWebhooks";

interface Props {
  webhook: WebhookView | null;
  close: () => void;
}

export function RemoveWebhook({ webhook, close }: Props) {
  const { remove } = useWebhookDeeds();
  return (
    <Confirm
      title="Remove the endpoint"
      verb="Remove"
      isOpen={webhook !== null}
      close={close}
      send={() => webhook !== null && remove.mutate(webhook.id, { onSuccess: close })}
      isSending={remove.isPending}
      error={remove.error}
    >
      <p>Nothing is sent to {webhook?.url} any more, not even what waits to be tried again.</p>
    </Confirm>
  );
}
