import { useState } from "react";
import { counted } from "@/format/number";
import { Folded } from "@/parts/Folded";
import { EventList, type Heard } from "@/streams/EventList";

/** The stream as it came, with the time of each event, for who opens it. */
export function Wire({ heard }: { heard: readonly Heard[] }) {
  const [isOpen, open] = useState(false);
  return (
    <Folded title={`${counted(heard.length, "event")} as they came`} whenTurned={open}>
      {isOpen && <EventList heard={heard} />}
    </Folded>
  );
}
