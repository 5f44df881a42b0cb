import { useState } from "react";
import type { RequestView } from "@/api/schema";
import { indented } from "@/format/json";
import { Code } from "@/parts/Code";
import { Panel } from "@/parts/Panel";
import { Switch } from "@/parts/Switch";
import { EventList } from "@/streams/EventList";
import { eventsIn } from "@/streams/events";
import { Absent } from "./Absent";
import { isHidden, Reveal } from "./Reveal";
import { Talk } from "./Talk";
import { readAnswered, readAsked } from "./talk";

const VIEWS = [
  { value: "talk", label: "Talk" },
  { value: "request", label: "Request" },
  { value: "response", label: "Response" },
  { value: "events", label: "Events" },
] as const;

/** What was asked and answered, where that is kept and may be shown; else why not. */
export function Content({ request }: { request: RequestView }) {
  const [view, look] = useState<(typeof VIEWS)[number]["value"]>("talk");
  const { payload } = request;
  if (payload == null) {
    return <Panel title="Content">{isHidden(request) ? <Reveal request={request} /> : <Absent />}</Panel>;
  }
  const asked = payload.request ?? "";
  const answered = payload.response ?? "";
  const heard = eventsIn(answered).map(({ event = null, data }) => ({ at_ms: null, event, data }));
  const views = VIEWS.filter(({ value }) => value !== "events" || heard.length > 0);
  return (
    <Panel title="Content" aside={<Switch label="View" options={views} value={view} choose={look} />}>
      {view === "talk" && <Talk said={[...readAsked(asked), ...readAnswered(answered)]} />}
      {view === "request" && <Code text={indented(asked)} label="As it came" />}
      {view === "response" && <Code text={indented(answered)} label="As it went" />}
      {view === "events" && <EventList heard={heard} />}
    </Panel>
  );
}
