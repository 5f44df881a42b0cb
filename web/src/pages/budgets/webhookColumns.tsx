import type { WebhookView } from "@/api/schema";
import { Deeds } from "@/parts/Deeds";
import { Instant } from "@/parts/Instant";
import { Status } from "@/parts/Status";
import type { Column } from "@/parts/Table";

export type WebhookDeed = "ping" | "switch" | "rotate" | "remove";

/** What is said of each endpoint, and what can be done to it. */
export function webhookColumns(
  take: (deed: WebhookDeed, webhook: WebhookView) => void,
): readonly Column<WebhookView>[] {
  return [
    { name: "url", head: "Address", cell: (webhook) => webhook.url },
    { name: "state", head: "State", cell: (webhook) => <State webhook={webhook} /> },
    { name: "events", head: "Hears of", isWide: true, cell: (webhook) => webhook.events.join(", ") },
    {
      name: "since",
      head: "Since",
      isExtra: true,
      cell: (webhook) => <Instant at={webhook.created_at} far />,
    },
    {
      name: "deeds",
      head: "Change",
      cell: (webhook) => (
        <Deeds
          label={`Change ${webhook.url}`}
          deeds={[
            { value: "ping", label: "Send a test" },
            { value: "switch", label: webhook.active ? "Switch off" : "Switch on" },
            { value: "rotate", label: "New secret" },
            { value: "remove", label: "Remove" },
          ]}
          take={(deed) => take(deed, webhook)}
        />
      ),
    },
  ];
}

function State({ webhook }: { webhook: WebhookView }) {
  if (webhook.active) return <Status tone="good">active</Status>;
  if (webhook.gone_at !== null) return <Status tone="bad">wants no more</Status>;
  return <Status tone="idle">switched off</Status>;
}
