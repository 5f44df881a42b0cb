import { useNow } from "@/address/useNow";
import { distance, instant, utc } from "@/format/time";

/** When something was, in the reader's own time and with UTC for whoever looks closer; `far` says how long ago instead. */
export function Instant({ at, far = false }: { at: string; far?: boolean }) {
  const now = useNow();
  const when = new Date(at);
  return (
    <time dateTime={at} title={far ? `${instant(when, now)} (${utc(when)})` : utc(when)}>
      {far ? distance(when, now) : instant(when, now)}
    </time>
  );
}
