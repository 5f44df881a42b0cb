import type { SettingView } from "@/api/schema";
import styles from "./Origin.module.css";

const WORDS: Readonly<Record<SettingView["origin"], string>> = {
  command_line: "the command line",
  environment: "the environment",
  secrets_directory: "the folder of secrets",
  file: "the file",
  database: "set here",
  default: "as it comes",
};

/** Who said what a setting is, and where. */
export function Origin({ setting }: { setting: SettingView }) {
  const { origin, set_in, stored } = setting;
  return (
    <span className={styles.origin} data-set={origin !== "default"}>
      {WORDS[origin]}
      {set_in !== null && <code className={styles.place}>{set_in}</code>}
      {stored && origin !== "database" && (
        <span className={styles.place}>what was set here does not count</span>
      )}
    </span>
  );
}
