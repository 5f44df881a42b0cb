import { useQuery } from "@tanstack/react-query";
import { Link } from "wouter";
import { useSpace } from "@/address/useSpace";
import { api, said } from "@/api/client";
import { Instant } from "@/parts/Instant";
import { Loaded } from "@/parts/Loaded";
import { Panel } from "@/parts/Panel";
import { Status } from "@/parts/Status";
import { RequestStatus } from "../requests/RequestStatus";
import { ServedModel } from "../requests/ServedModel";
import styles from "./RecentFailures.module.css";

const OUTCOME = "provider_unavailable";

/** The last requests that no provider could answer. */
export function RecentFailures() {
  const space = useSpace();
  const failures = useQuery({
    queryKey: ["recent-failures", space],
    queryFn: () =>
      said(api.GET("/api/requests", { params: { query: { outcome: OUTCOME, limit: 5, ...space } } })),
  });
  return (
    <Panel title="No provider answered" aside={<Link href={`/requests?outcome=${OUTCOME}`}>All</Link>}>
      <Loaded of={failures}>
        {({ data }) =>
          data.length === 0 ? (
            <Status tone="good">That has not happened.</Status>
          ) : (
            <ul className={styles.rows}>
              {data.map((request) => (
                <li key={request.id}>
                  <Link href={`/requests/${request.id}`} className={styles.row ?? ""}>
                    <RequestStatus request={request} />
                    <ServedModel request={request} />
                    <Instant at={request.created_at} far />
                  </Link>
                </li>
              ))}
            </ul>
          )
        }
      </Loaded>
    </Panel>
  );
}
