import { href } from "@/address/href";
import { Bars } from "@/charts/Bars";
import type { Bar } from "@/charts/bar";
import { sum, usd } from "@/format/money";
import { utcDay } from "@/format/time";
import { type Cell, type Group, partsOf } from "./cells";
import { spanOf } from "./SpendFigures";

interface Props {
  cells: readonly Cell[];
  groups: readonly Group[];
  days: readonly string[];
  labelOf: (key: string) => string;
}

const NANO = 1e9;

/** A bar a day, in as many parts as cost something. */
export function SpendChart({ cells, groups, days, labelOf }: Props) {
  const named = groups.filter((group) => group.shade !== "rest" && group.cost > 0n);
  const hasRest = groups.some((group) => group.shade === "rest" && group.cost > 0n);
  const label = (shade: Group["shade"]) => {
    const group = named.find((one) => one.shade === shade);
    return group === undefined ? "others" : labelOf(group.key);
  };
  const bars = days.map((day): Bar => {
    const parts = partsOf(
      cells.filter((cell) => cell.day === day),
      groups,
    );
    const cost = sum(parts.map((part) => part.cost));
    const told = parts.map((part) => `${label(part.shade)} ${usd(part.cost)}`);
    return {
      key: day,
      label: utcDay(day),
      words: [`${utcDay(day)}: ${usd(cost)}`, ...told].join("  ·  "),
      parts: parts.map((part) => ({ shade: part.shade, size: Number(part.cost) / NANO })),
      to: href("/requests", spanOf([day])),
    };
  });
  const legend = [
    ...named.map((group) => ({ shade: group.shade, label: labelOf(group.key) })),
    ...(hasRest ? [{ shade: "rest" as const, label: "others" }] : []),
  ];
  return <Bars bars={bars} write={writeDollars} height={220} legend={legend} />;
}

function writeDollars(dollars: number): string {
  return usd(BigInt(Math.round(dollars * NANO)));
}
