import { useState } from "react";
import { useAddress } from "@/address/useAddress";
import type { SettingView } from "@/api/schema";
import { Empty } from "@/parts/Empty";
import { Field } from "@/parts/Field";
import { Loaded } from "@/parts/Loaded";
import { Page } from "@/parts/Page";
import { Panel } from "@/parts/Panel";
import { Switch } from "@/parts/Switch";
import { Waiting } from "@/parts/Waiting";
import { EditSetting } from "./EditSetting";
import { groupsOf } from "./groups";
import { SettingRow } from "./SettingRow";
import styles from "./SettingsPage.module.css";
import { useSettings } from "./useSettings";

const SHOWN = [
  { value: "all", label: "All" },
  { value: "set", label: "Set by somebody" },
] as const;

/** How the gateway is set up, and who said so. */
export default function SettingsPage() {
  const { search, change } = useAddress();
  const settings = useSettings();
  const [edited, edit] = useState<SettingView | null>(null);
  const wanted = search.get("q") ?? "";
  const shown = search.get("shown") === "set" ? "set" : "all";
  return (
    <Page
      title="Settings"
      actions={
        <Switch
          label="Which"
          options={SHOWN}
          value={shown}
          choose={(value) => change({ shown: value === "all" ? null : value })}
        />
      }
    >
      <Field
        label="Find"
        placeholder="a name, a variable, or a word of what it means"
        value={wanted}
        onChange={(event) => change({ q: event.target.value })}
      />
      <Loaded of={settings} waiting={<Waiting lines={14} />}>
        {({ data }) => {
          const groups = groupsOf(data, wanted, shown === "set");
          if (groups.length === 0) return <Empty title="No setting is like that." />;
          return groups.map((group) => (
            <Panel key={group.table} title={group.table}>
              <ul className={styles.settings}>
                {group.settings.map((setting) => (
                  <SettingRow key={setting.name} setting={setting} edit={() => edit(setting)} />
                ))}
              </ul>
            </Panel>
          ));
        }}
      </Loaded>
      <EditSetting setting={edited} close={() => edit(null)} />
    </Page>
  );
}
