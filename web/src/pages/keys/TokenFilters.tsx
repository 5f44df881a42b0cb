import { Choice } from "@/parts/Choice";
import styles from "./TokenFilters.module.css";
import { STATES, type TokensAsked, UNUSED_DAYS } from "./tokensAsked";

interface Props {
  asked: TokensAsked;
  change: (values: Readonly<Record<string, string | null>>) => void;
}

const ALL = "";

/** By how they stand, and whether anybody uses them. */
export function TokenFilters({ asked, change }: Props) {
  return (
    <div className={styles.filters}>
      <Choice
        label="State"
        icon="filter"
        options={[
          { value: ALL, label: "All states" },
          ...STATES.map((state) => ({ value: state as string, label: state })),
        ]}
        value={asked.state ?? ALL}
        choose={(state) => change({ state })}
      />
      <Choice
        label="Use"
        options={[
          { value: ALL, label: "Used or not" },
          ...UNUSED_DAYS.map((days) => ({ value: String(days), label: `Unused for ${days} days` })),
        ]}
        value={asked.unused === null ? ALL : String(asked.unused)}
        choose={(unused) => change({ unused })}
      />
    </div>
  );
}
