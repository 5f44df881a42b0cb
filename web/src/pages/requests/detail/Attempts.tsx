import type { RequestView } from "@/api/schema";
import { duration } from "@/format/number";
import { Empty } from "@/parts/Empty";
import { Panel } from "@/parts/Panel";
import { Status } from "@/parts/Status";
import { wordsOf } from "../outcome";
import styles from "./Attempts.module.css";
import { barsOf } from "./timeline";
import { Waterfall } from "./Waterfall";

/** Whom the gateway asked, in turn, how each try ended and when. */
export function Attempts({ request }: { request: RequestView }) {
  const bars = barsOf(request);
  const overhead_ms = request.response_time_ms - request.upstream_ms;
  return (
    <Panel title="Attempts" aside={`${duration(Math.max(0, overhead_ms))} of it in the gateway`}>
      {request.attempts.length === 0 ? (
        <Empty title="No provider was asked.">
          <p>
            {request.cache === null
              ? "It ended before that."
              : `The answer came from the cache (${request.cache}).`}
          </p>
        </Empty>
      ) : bars.length === request.attempts.length ? (
        <Waterfall bars={bars} whole_ms={request.response_time_ms} />
      ) : (
        <ol className={styles.list}>
          {request.attempts.map((attempt) => (
            <li key={attempt.number}>
              {attempt.provider}/{attempt.model}
              <Status tone={attempt.outcome === "succeeded" ? "good" : "bad"}>
                {attempt.provider_status} {wordsOf(attempt.outcome ?? "unfinished")}
              </Status>
            </li>
          ))}
        </ol>
      )}
    </Panel>
  );
}
