import { Link } from "wouter";
import { href } from "@/address/href";
import { count } from "@/format/number";
import styles from "./Errors.module.css";
import { errorCounts } from "./jobStatus";
import { useJobsOf } from "./useJobs";

/** What failed jobs have in common: each error, and how many have it. */
export function Errors({ chosen }: { chosen: string | null }) {
  const failed = useJobsOf("failed");
  const counts = errorCounts(failed.data?.data ?? []);
  if (counts.length === 0) return null;
  return (
    <ul className={styles.errors} aria-label="Errors">
      {counts.map(({ code, count: size }) => (
        <li key={code}>
          <Link
            href={href("/jobs", { status: "failed", error: code })}
            className={styles.error ?? ""}
            aria-current={code === chosen ? "true" : undefined}
          >
            {code.replaceAll("_", " ")}
            <span className={styles.count}>
              {count(size)}
              {failed.data?.has_more === true && "+"}
            </span>
          </Link>
        </li>
      ))}
    </ul>
  );
}
