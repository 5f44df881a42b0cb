import { Menu, MenuItem, MenuTrigger } from "react-aria-components/Menu";
import { Popover } from "react-aria-components/Popover";
import { Button } from "./Button";
import styles from "./Popover.module.css";

interface Props<T extends string> {
  /** What is changed by them, for those who do not see the row. */
  label: string;
  deeds: readonly { value: T; label: string }[];
  take: (deed: T) => void;
}

/** What can be done to a row, in a menu at its end. */
export function Deeds<T extends string>({ label, deeds, take }: Props<T>) {
  return (
    <MenuTrigger>
      <Button look="quiet" icon="down" aria-label={label} />
      <Popover className={styles.popover ?? ""} placement="bottom end">
        <Menu aria-label={label} onAction={(key) => take(key as T)}>
          {deeds.map((deed) => (
            <MenuItem key={deed.value} id={deed.value} className={styles.item ?? ""}>
              {deed.label}
            </MenuItem>
          ))}
        </Menu>
      </Popover>
    </MenuTrigger>
  );
}
