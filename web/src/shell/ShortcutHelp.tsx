import { useState } from "react";
import { Button } from "@/parts/Button";
import { Dialog } from "@/parts/Dialog";
import { areShortcutsOn, shortcuts, switchShortcuts, useShortcut } from "@/shortcuts/useShortcut";
import styles from "./ShortcutHelp.module.css";

/** The keys of this page, and the switch for those who want none. */
export function ShortcutHelp() {
  const [isOpen, open] = useState(false);
  const [isOn, setOn] = useState(areShortcutsOn);
  useShortcut("?", "Show the keys", () => open(true));
  const turn = (on: boolean) => {
    switchShortcuts(on);
    setOn(on);
  };
  return (
    <>
      <Button look="quiet" icon="help" aria-label="Keys of this page" onPress={() => open(true)} />
      <Dialog title="Keys" isOpen={isOpen} close={() => open(false)}>
        <label className={styles.switch}>
          <input type="checkbox" checked={isOn} onChange={(event) => turn(event.target.checked)} />
          Single keys do something
        </label>
        <dl className={styles.keys}>
          {isOpen &&
            shortcuts().map((shortcut) => (
              <div key={shortcut.keys}>
                <dt>{shortcut.label}</dt>
                <dd>
                  {shortcut.keys.split(" ").map((key) => (
                    <kbd key={key}>{key}</kbd>
                  ))}
                </dd>
              </div>
            ))}
        </dl>
      </Dialog>
    </>
  );
}
