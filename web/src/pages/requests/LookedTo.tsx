import { momentOf } from "@/format/id";
import { Instant } from "@/parts/Instant";

/** How far back a page has looked that ended before it had found enough. */
export function LookedTo({ place }: { place: string }) {
  return (
    <span>
      Looked at since <Instant at={momentOf(place).toISOString()} />, and there are older ones.
    </span>
  );
}
