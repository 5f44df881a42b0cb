import type { RequestsReport } from "@/api/schema";
import { Panel } from "@/parts/Panel";
import { Facets } from "./Facets";
import type { Filters } from "./filters";
import { Histogram } from "./Histogram";
import styles from "./Overview.module.css";

interface Props {
  report: RequestsReport;
  filters: Filters;
  change: (filters: Filters) => void;
}

/** When how many came and failed, and what they have in common. */
export function Overview({ report, filters, change }: Props) {
  return (
    <Panel>
      <div className={styles.overview}>
        <Histogram report={report} filters={filters} />
        <Facets facets={report.facets} filters={filters} change={change} />
      </div>
    </Panel>
  );
}
