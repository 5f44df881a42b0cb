import { useAddress } from "@/address/useAddress";
import { Empty } from "@/parts/Empty";
import { Failure } from "@/parts/Failure";
import { Loaded } from "@/parts/Loaded";
import { Panel } from "@/parts/Panel";
import { Switch } from "@/parts/Switch";
import { Table } from "@/parts/Table";
import { deliveryColumns } from "./deliveryColumns";
import { type DeliveryStatus, useDeliveries, useResend } from "./useDeliveries";
import { useWebhooks } from "./useWebhooks";

const SHOWN = [
  { value: "all", label: "All" },
  { value: "pending", label: "Waiting" },
  { value: "failed", label: "Failed" },
] as const satisfies readonly { value: DeliveryStatus | "all"; label: string }[];

/** Whether alerts arrived. */
export function Deliveries() {
  const { search, change } = useAddress();
  const shown = SHOWN.find((one) => one.value === search.get("delivery"))?.value ?? "all";
  const deliveries = useDeliveries(shown === "all" ? null : shown);
  const resend = useResend();
  const webhooks = useWebhooks().data?.data ?? [];
  const nameOf = (target: string) => webhooks.find((webhook) => webhook.id === target)?.url ?? target;
  return (
    <Panel
      title="Deliveries"
      flush
      aside={
        <Switch
          label="Which"
          options={SHOWN}
          value={shown}
          choose={(value) => change({ delivery: value === "all" ? null : value })}
        />
      }
    >
      {resend.error !== null && <Failure error={resend.error} />}
      <Loaded of={deliveries}>
        {({ data }) =>
          data.length === 0 ? (
            <Empty title={shown === "all" ? "No alert had to be sent yet." : "None is like that."} />
          ) : (
            <Table
              caption="Deliveries, newest first"
              columns={deliveryColumns(nameOf, (delivery) => resend.mutate(delivery.id))}
              rows={data}
              keyOf={(delivery) => delivery.id}
            />
          )
        }
      </Loaded>
    </Panel>
  );
}
