import { useState } from "react";
import type { HoldView } from "@/api/schema";
import { shortId } from "@/format/id";
import { counted } from "@/format/number";
import { Button } from "@/parts/Button";
import { Failure } from "@/parts/Failure";
import { Money } from "@/parts/Money";
import { Panel } from "@/parts/Panel";
import { type Column, Table } from "@/parts/Table";
import { amountTold } from "./amount";
import { ReleaseHold } from "./ReleaseHold";
import { useHolds } from "./useHolds";

/** Calls whose end nobody knows. What was held for them stays charged until somebody knows better; none, no panel. */
export function UnconfirmedHolds() {
  const holds = useHolds();
  const [releasing, release] = useState<HoldView | null>(null);
  if (holds.error !== null && holds.data === undefined)
    return <Failure error={holds.error} retry={() => void holds.refetch()} />;
  const rows = holds.data?.data ?? [];
  if (rows.length === 0) return null;
  return (
    <Panel
      title="Unconfirmed"
      flush
      aside={`${counted(rows.length, "call")} whose end is unknown${holds.data?.has_more ? ", and more" : ""}`}
    >
      <Table
        caption="Unconfirmed holds"
        columns={columnsOf(release)}
        rows={rows}
        keyOf={(hold) => hold.id}
        to={(hold) => `/requests/${hold.request}`}
      />
      <ReleaseHold hold={releasing} close={() => release(null)} />
    </Panel>
  );
}

function columnsOf(release: (hold: HoldView) => void): readonly Column<HoldView>[] {
  return [
    { name: "request", head: "Request", cell: (hold) => <code>{shortId(hold.request)}</code> },
    { name: "model", head: "Model", cell: (hold) => `${hold.provider}/${hold.model}` },
    { name: "usd", head: "At most", isNumber: true, cell: (hold) => <Money usd={hold.usd} /> },
    {
      name: "budgets",
      head: "Charged to",
      cell: (hold) =>
        hold.budgets.length === 0
          ? "no budget"
          : `${counted(hold.budgets.length, "budget")}: ${hold.budgets.map((held) => amountTold(held.unit, held.amount)).join(", ")}`,
    },
    {
      name: "release",
      head: "Change",
      cell: (hold) => (
        <Button look="quiet" aria-label={`Release ${hold.request}`} onPress={() => release(hold)}>
          Release
        </Button>
      ),
    },
  ];
}
