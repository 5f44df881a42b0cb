import type { SettingView } from "@/api/schema";
import { Button } from "@/parts/Button";
import { Meaning } from "./Meaning";
import { Origin } from "./Origin";
import styles from "./SettingRow.module.css";
import { writeValue } from "./value";

interface Props {
  setting: SettingView;
  edit: () => void;
}

/** One setting: what it is called and means, its value, and whose word that is. */
export function SettingRow({ setting, edit }: Props) {
  const { name, meaning, value, changeable, variable } = setting;
  return (
    <li className={styles.row}>
      <div>
        <code className={styles.name} title={variable}>
          {name}
        </code>
        <p className={styles.meaning}>
          <Meaning text={meaning} />
        </p>
      </div>
      <code className={styles.value}>{writeValue(value) || "none"}</code>
      <Origin setting={setting} />
      <div className={styles.change}>
        {changeable && (
          <Button look="quiet" aria-label={`Change ${name}`} onPress={edit}>
            Change
          </Button>
        )}
      </div>
    </li>
  );
}
