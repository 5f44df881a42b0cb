import type { RequestFacets } from "@/api/schema";
import { shortId } from "@/format/id";
import { FacetList } from "./FacetList";
import styles from "./Facets.module.css";
import { FILTERS, type Filters } from "./filters";
import { wordsOf } from "./outcome";

const NAMES = ["outcome", "provider", "model", "token", "tag"] as const;
const LABELS: Partial<Record<(typeof NAMES)[number], (value: string) => string>> = {
  outcome: wordsOf,
  token: shortId,
};

interface Props {
  facets: RequestFacets;
  filters: Filters;
  change: (filters: Filters) => void;
}

/** What the requests have in common, each a filter to be put on or taken off. */
export function Facets({ facets, filters, change }: Props) {
  return (
    <div className={styles.facets}>
      {NAMES.filter((name) => facets[name].length > 0).map((name) => (
        <FacetList
          key={name}
          title={FILTERS[name]}
          values={facets[name]}
          labelOf={LABELS[name] ?? String}
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
