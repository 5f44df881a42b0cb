import { useUsers } from "@/api/names";
import { Button } from "@/parts/Button";
import { Choice } from "@/parts/Choice";
import styles from "./JobFilters.module.css";
import { STATUSES, wordsOf } from "./jobStatus";
import type { Question } from "./question";

interface Props {
  question: Question;
  change: (values: Readonly<Record<string, string | null>>) => void;
}

const ALL = "";

/** By how they stand, by whom, by their error. */
export function JobFilters({ question, change }: Props) {
  const users = useUsers().data?.data ?? [];
  return (
    <div className={styles.filters}>
      <Choice
        label="State"
        icon="filter"
        options={[
          { value: ALL, label: "All states" },
          ...STATUSES.map((status) => ({ value: status, label: wordsOf(status) })),
        ]}
        value={question.status ?? ALL}
        choose={(status) => change({ status, ...(status !== "failed" && { error: null }) })}
      />
      <Choice
        label="User"
        icon="account"
        options={[
          { value: ALL, label: "All users" },
          ...users.map((user) => ({ value: user.id, label: user.name })),
        ]}
        value={question.user ?? ALL}
        choose={(user) => change({ user })}
      />
      {question.error !== null && (
        <Button
          icon="close"
          aria-label="Take the error's filter away"
          onPress={() => change({ error: null })}
        >
          {question.error}
        </Button>
      )}
    </div>
  );
}
