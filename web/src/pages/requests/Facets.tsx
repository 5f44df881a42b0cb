import type { RequestFacets } from "@/api/schema";
import { FacetList } from "./FacetList";
import styles from "./Facets.module.css";
import { FILTERS, type Filters } from "./filters";

const NAMES = ["outcome", "provider", "model"] as const;

interface Props {
  facets: RequestFacets;
  filters: Filters;
  change: (filters: Filters) => void;
}

/** What the requests have in common, each a filter to be put on or taken off. */
export function Facets({ facets, filters, change }: Props) {
  return (
    <div className={styles.facets}>
      {NAMES.map((name) => (
        <FacetList
          key={name}
          title={FILTERS[name]}
          values={facets[name]}
          chosen={filters[name] ?? null}
          choose={(value) => {
            const { [name]: _, ...others } = filters;
            change(value === null ? others : { ...others, [name]: value });
          }}
        />
      ))}
    </div>
  );
}
