import { useRange } from "@/address/useRange";
import { useSpace } from "@/address/useSpace";
import { Loaded } from "@/parts/Loaded";
import { Page } from "@/parts/Page";
import { Waiting } from "@/parts/Waiting";
import { useReport } from "../requests/useReport";
import styles from "./AdminHome.module.css";
import { Attention } from "./Attention";
import { Checklist } from "./Checklist";
import { ProviderStrip } from "./ProviderStrip";
import { RecentFailures } from "./RecentFailures";
import { Tiles } from "./Tiles";

const LOOK_EVERY_MS = 60_000;

/** Of the whole gateway. */
export function AdminHome() {
  const report = useReport({ ofAll: true, filters: {}, range: useRange(), space: useSpace() }, LOOK_EVERY_MS);
  return (
    <Page title="Home">
      <Loaded of={report} waiting={<Waiting height={440} />}>
        {(told) => (
          <>
            <Tiles report={told} ofAll />
            <Checklist hasSucceeded={told.totals.requests > told.totals.failed} />
            <div className={styles.columns}>
              <Attention totals={told.totals} />
              <RecentFailures />
            </div>
            <ProviderStrip />
          </>
        )}
      </Loaded>
    </Page>
  );
}
