import type { DeliveryView } from "@/api/schema";
import { counted } from "@/format/number";
import { Button } from "@/parts/Button";
import { Instant } from "@/parts/Instant";
import { Status, type Tone } from "@/parts/Status";
import type { Column } from "@/parts/Table";

const TONES: Readonly<Record<string, Tone>> = { delivered: "good", pending: "busy", failed: "bad" };

/** What is said of each delivery. */
export function deliveryColumns(
  nameOf: (target: string) => string,
  resend: (delivery: DeliveryView) => void,
): readonly Column<DeliveryView>[] {
  return [
    { name: "at", head: "Time", cell: (row) => <Instant at={row.created_at} /> },
    {
      name: "status",
      head: "State",
      cell: (row) => <Status tone={TONES[row.status] ?? "idle"}>{row.status}</Status>,
    },
    { name: "event", head: "Of", cell: (row) => row.event },
    { name: "target", head: "To", cell: (row) => nameOf(row.target) },
    { name: "answer", head: "Answer", isWide: true, cell: answerOf },
    { name: "resend", head: "Change", cell: (row) => <Resend delivery={row} resend={resend} /> },
  ];
}

function answerOf(row: DeliveryView) {
  const said = row.error ?? (row.response_status === null ? "" : String(row.response_status));
  const tried = row.attempts > 1 ? `, ${counted(row.attempts, "time")}` : "";
  return (
    <span>
      {said}
      {tried}
      {row.next_try_at !== null && (
        <>
          , again <Instant at={row.next_try_at} far />
        </>
      )}
    </span>
  );
}

function Resend({ delivery, resend }: { delivery: DeliveryView; resend: (delivery: DeliveryView) => void }) {
  return (
    <Button look="quiet" aria-label={`Resend ${delivery.event}`} onPress={() => resend(delivery)}>
      Resend
    </Button>
  );
}
