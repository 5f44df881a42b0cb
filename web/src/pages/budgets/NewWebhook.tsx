import { useState } from "react";
import { Checks } from "@/parts/Checks";
import { Dialog } from "@/parts/Dialog";
import { Field } from "@/parts/Field";
import { Form } from "@/parts/Form";
import { EVENTS, FIRST_EVENTS } from "./events";
import { useWebhookDeeds } from "./useWebhooks";
import { WebhookSecret } from "./WebhookSecret";

/** An address that shall hear of alerts. Its secret is shown this once. */
export function NewWebhook({ isOpen, close }: { isOpen: boolean; close: () => void }) {
  return (
    <Dialog title="Add an endpoint" isOpen={isOpen} close={close}>
      <Steps close={close} />
    </Dialog>
  );
}

function Steps({ close }: { close: () => void }) {
  const { add } = useWebhookDeeds();
  const [url, write] = useState("");
  const [events, choose] = useState(FIRST_EVENTS);
  if (add.data !== undefined) return <WebhookSecret secret={add.data.secret} close={close} />;
  const chosen = EVENTS.map((event) => event.value).filter((event) => events.has(event));
  return (
    <Form
      verb="Add"
      send={() => add.mutate({ url: url.trim(), events: chosen })}
      isReady={url.trim() !== "" && chosen.length > 0}
      isSending={add.isPending}
      error={add.error}
    >
      <Field
        label="Address"
        type="url"
        placeholder="https://example.com/tollhouse"
        autoFocus
        value={url}
        onChange={(event) => write(event.target.value)}
      />
      <Checks label="It hears when" options={EVENTS} values={events} choose={choose} />
    </Form>
  );
}
