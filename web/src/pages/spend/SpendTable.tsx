import { href } from "@/address/href";
import { carriedRange } from "@/address/range";
import { useAddress } from "@/address/useAddress";
import { shareOf, sum } from "@/format/money";
import { count } from "@/format/number";
import { Money } from "@/parts/Money";
import { Share } from "@/parts/Share";
import { type Column, Table } from "@/parts/Table";
import { BY, type By } from "./by";
import type { Group } from "./cells";
import { changeOf } from "./change";

interface Props {
  by: By;
  groups: readonly Group[];
  labelOf: (key: string) => string;
}

/** Who cost what, each with its part of the whole and what it was before. */
export function SpendTable({ by, groups, labelOf }: Props) {
  const { search } = useAddress();
  const whole = sum(groups.map((group) => group.cost));
  const columns: readonly Column<Group>[] = [
    { name: "key", head: BY[by].label, cell: (group) => labelOf(group.key) },
    {
      name: "share",
      head: "Share",
      cell: (group) => <Share share={shareOf(group.cost, whole)} shade={group.shade} />,
    },
    { name: "cost", head: "Cost", isNumber: true, cell: (group) => <Money usd={group.cost} /> },
    { name: "change", head: "Change", isNumber: true, cell: (group) => changeOf(group.cost, group.before) },
    { name: "requests", head: "Requests", isNumber: true, cell: (group) => count(group.requests) },
    {
      name: "unpriced",
      head: "Without a price",
      isNumber: true,
      isExtra: true,
      cell: (group) => (group.unpriced === 0 ? null : count(group.unpriced)),
    },
  ];
  const range = Object.fromEntries(carriedRange(search));
  return (
    <Table
      caption={`Spend by ${BY[by].label.toLowerCase()}, dearest first`}
      columns={columns}
      rows={groups}
      keyOf={(group) => group.key}
      // What has none of it cannot be asked for.
      to={(group) => (group.key === "" ? null : href("/requests", { ...range, [by]: group.key }))}
    />
  );
}
