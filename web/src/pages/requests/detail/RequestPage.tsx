import { useParams } from "wouter";
import { Loaded } from "@/parts/Loaded";
import { Page } from "@/parts/Page";
import { RequestEvidence } from "./RequestEvidence";
import { useRequest } from "./useRequest";

/** All there is to know of one request. */
export default function RequestPage() {
  const { request = "" } = useParams<{ request: string }>();
  const query = useRequest(request);
  if (query.data !== undefined) return <RequestEvidence request={query.data} />;
  return <Page title={request}>{<Loaded of={query}>{() => null}</Loaded>}</Page>;
}
