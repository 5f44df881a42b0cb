import { SPANS, type Span } from "@/address/range";
import { useAddress } from "@/address/useAddress";
import { useNow } from "@/address/useNow";
import { useRange } from "@/address/useRange";
import { instant } from "@/format/time";
import { Choice } from "@/parts/Choice";

const OPTIONS = (Object.keys(SPANS) as Span[]).map((span) => ({ value: span, label: SPANS[span].label }));

/** The span of time that all pages are about. */
export function RangePicker() {
  const { change } = useAddress();
  const { span, from, to } = useRange();
  const now = useNow();
  const choose = (chosen: Span) => change({ range: chosen, from: null, to: null });
  const said =
    span === null ? `${instant(from, now)} – ${to === null ? "now" : instant(to, now)}` : SPANS[span].label;
  return (
    <Choice label="Time range" icon="calendar" options={OPTIONS} value={span} shown={said} choose={choose} />
  );
}
