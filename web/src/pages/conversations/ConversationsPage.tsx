import { useAddress } from "@/address/useAddress";
import { Page } from "@/parts/Page";
import { Switch } from "@/parts/Switch";
import styles from "./ConversationsPage.module.css";
import { Found } from "./Found";
import { List } from "./List";
import { SearchBox } from "./SearchBox";
import { SHOWN } from "./useConversations";

/** What was said with models, kept, and found again by its words. */
export default function ConversationsPage() {
  const { search, change } = useAddress();
  const words = search.get("q") ?? "";
  const shown = SHOWN.find((one) => one.value === search.get("shown"))?.value ?? "current";
  return (
    <Page title="Conversations">
      <div className={styles.tools}>
        <SearchBox words={words} look={(next) => change({ q: next }, { push: true })} />
        {words === "" && (
          <Switch
            label="Which"
            options={SHOWN}
            value={shown}
            choose={(value) => change({ shown: value === "current" ? null : value })}
          />
        )}
      </div>
      {words === "" ? <List shown={shown} /> : <Found words={words} />}
    </Page>
  );
}
