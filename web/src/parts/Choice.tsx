import type { Selection } from "react-aria-components";
import { Menu, MenuItem, MenuTrigger } from "react-aria-components/Menu";
import { Popover } from "react-aria-components/Popover";
import { Button } from "./Button";
import type { IconName } from "./Icon";
import styles from "./Popover.module.css";

interface Props<T extends string> {
  /** What is chosen, for those who do not see it. */
  label: string;
  options: readonly { value: T; label: string }[];
  value: T | null;
  /** What the button says; else the label of what is chosen. */
  shown?: string;
  icon?: IconName;
  choose: (value: T) => void;
}

/** One of a few, chosen from a menu that opens from a button. */
export function Choice<T extends string>({ label, options, value, shown, icon, choose }: Props<T>) {
  const chosen = options.find((option) => option.value === value);
  const words = shown ?? chosen?.label ?? "";
  const chose = (keys: Selection) => {
    const found = options.find((option) => keys !== "all" && keys.has(option.value));
    if (found !== undefined) choose(found.value);
  };
  return (
    <MenuTrigger>
      <Button {...(icon === undefined ? {} : { icon })} aria-label={`${label}: ${words}`}>
        {words}
      </Button>
      <Popover className={styles.popover ?? ""} placement="bottom start" offset={4}>
        <Menu
          aria-label={label}
          selectionMode="single"
          disallowEmptySelection
          selectedKeys={value === null ? [] : [value]}
          onSelectionChange={chose}
        >
          {options.map((option) => (
            <MenuItem key={option.value} id={option.value} className={styles.item ?? ""}>
              {option.label}
            </MenuItem>
          ))}
        </Menu>
      </Popover>
    </MenuTrigger>
  );
}
