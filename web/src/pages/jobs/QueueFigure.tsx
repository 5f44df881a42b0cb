import type { ReactNode } from "react";
import { href } from "@/address/href";
import { count } from "@/format/number";
import { Figure } from "@/parts/Figure";
import type { JobStatus } from "./jobStatus";
import { useJobsOf } from "./useJobs";

interface Props {
  status: JobStatus;
  name: string;
  children: ReactNode;
}

/** How many jobs are of one status, and the way to them. */
export function QueueFigure({ status, name, children }: Props) {
  const { data } = useJobsOf(status);
  const told = data === undefined ? "…" : `${count(data.data.length)}${data.has_more === true ? "+" : ""}`;
  return (
    <Figure name={name} to={href("/jobs", { status })} beside={children}>
      {told}
    </Figure>
  );
}
