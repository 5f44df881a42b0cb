import { useParams } from "wouter";
import { Loaded } from "@/parts/Loaded";
import { Page } from "@/parts/Page";
import { useRequest } from "../detail/useRequest";
import { ReplayOf } from "./ReplayOf";

/** A logged request made once more, and what it answers now beside what it answered then. */
export default function ReplayPage() {
  const { request = "" } = useParams<{ request: string }>();
  const query = useRequest(request);
  if (query.data !== undefined) return <ReplayOf key={request} request={query.data} />;
  return <Page title="Replay">{<Loaded of={query}>{() => null}</Loaded>}</Page>;
}
