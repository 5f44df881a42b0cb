import { useAddress } from "@/address/useAddress";
import { useSpace } from "@/address/useSpace";
import { useWorkspaces } from "@/api/names";
import { Choice } from "@/parts/Choice";
import styles from "./SpacePicker.module.css";

const ALL = { value: "", label: "All workspaces" };

/** The workspace that all pages are about, where there are several. */
export function SpacePicker() {
  const { change } = useAddress();
  const { workspace } = useSpace();
  const { data } = useWorkspaces();
  const options = [ALL, ...(data?.data ?? []).map(({ id, name }) => ({ value: id, label: name }))];
  if (options.length < 3 && workspace === undefined) return null;
  const chosen = options.find(({ value }) => value === (workspace ?? ALL.value));
  return (
    <div className={styles.picker}>
      <Choice
        label="Workspace"
        icon="account"
        options={options}
        value={chosen?.value ?? null}
        shown={chosen?.label ?? workspace ?? ALL.label}
        choose={(id) => change({ workspace: id })}
      />
    </div>
  );
}
