import type { WebhookView } from "@/api/schema";
import { Dialog } from "@/parts/Dialog";
import { Form } from "@/parts/Form";
import { useWebhookDeeds } from "./useWebhooks";
import { WebhookSecret } from "./WebhookSecret";

interface Props {
  webhook: WebhookView | null;
  close: () => void;
}

export function RotateWebhook({ webhook, close }: Props) {
  return (
    <Dialog title="New secret" isOpen={webhook !== null} close={close}>
      {webhook !== null && <Steps webhook={webhook} close={close} />}
    </Dialog>
  );
}

function Steps({ webhook, close }: { webhook: WebhookView; close: () => void }) {
  const { rotate } = useWebhookDeeds();
  if (rotate.data !== undefined) return <WebhookSecret secret={rotate.data.secret} close={close} />;
  return (
    <Form
      verb="Make it"
      send={() => rotate.mutate(webhook.id)}
      isReady
      isSending={rotate.isPending}
      error={rotate.error}
    >
      <p>
        What is sent to {webhook.url} is signed with a new secret besides the old one for a while, so that you
        can take your time to change it there.
      </p>
    </Form>
  );
}
