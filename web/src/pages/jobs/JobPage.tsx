import { useParams } from "wouter";
import { Loaded } from "@/parts/Loaded";
import { Page } from "@/parts/Page";
import { Job } from "./Job";
import { useJob } from "./useJobs";

/** One job, as it goes on. */
export default function JobPage() {
  const { run = "" } = useParams<{ run: string }>();
  const query = useJob(run);
  if (query.data !== undefined) return <Job job={query.data} />;
  return <Page title={run}>{<Loaded of={query}>{() => null}</Loaded>}</Page>;
}
