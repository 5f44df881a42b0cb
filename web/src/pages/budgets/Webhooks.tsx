import { useState } from "react";
import type { WebhookView } from "@/api/schema";
import { Button } from "@/parts/Button";
import { Empty } from "@/parts/Empty";
import { Failure } from "@/parts/Failure";
import { Loaded } from "@/parts/Loaded";
import { Panel } from "@/parts/Panel";
import { Table } from "@/parts/Table";
import { NewWebhook } from "./NewWebhook";
import { RemoveWebhook } from "./RemoveWebhook";
import { RotateWebhook } from "./RotateWebhook";
import { useWebhookDeeds, useWebhooks } from "./useWebhooks";
import { type WebhookDeed, webhookColumns } from "./webhookColumns";

/** Who hears of alerts. */
export function Webhooks() {
  const webhooks = useWebhooks();
  const { ping, change } = useWebhookDeeds();
  const [isAdding, add] = useState(false);
  const [asked, ask] = useState<{ deed: "rotate" | "remove"; webhook: WebhookView } | null>(null);
  const take = (deed: WebhookDeed, webhook: WebhookView) => {
    if (deed === "ping") ping.mutate(webhook.id);
    else if (deed === "switch") change.mutate({ id: webhook.id, active: !webhook.active });
    else ask({ deed, webhook });
  };
  const of = (deed: "rotate" | "remove") => (asked?.deed === deed ? asked.webhook : null);
  const failure = ping.error ?? change.error;
  return (
    <Panel
      title="Endpoints"
      flush
      aside={
        <Button look="quiet" icon="plus" onPress={() => add(true)}>
          Add
        </Button>
      }
    >
      {failure !== null && <Failure error={failure} />}
      <Loaded of={webhooks}>
        {({ data }) =>
          data.length === 0 ? (
            <Empty title="Nobody hears of alerts by a webhook.">
              <p>Add an address, and each alert is sent there, signed, and tried again until it is taken.</p>
            </Empty>
          ) : (
            <Table
              caption="Endpoints"
              columns={webhookColumns(take)}
              rows={data}
              keyOf={(webhook) => webhook.id}
            />
          )
        }
      </Loaded>
      <NewWebhook isOpen={isAdding} close={() => add(false)} />
      <RotateWebhook webhook={of("rotate")} close={() => ask(null)} />
      <RemoveWebhook webhook={of("remove")} close={() => ask(null)} />
    </Panel>
  );
}
