import { Menu, MenuItem, MenuTrigger } from "react-aria-components/Menu";
import { Popover } from "react-aria-components/Popover";
import { Button } from "./Button";
import { Icon, type IconName } from "./Icon";
import styles from "./Popover.module.css";

interface Props {
  label: string;
  icon: IconName;
  options: readonly { value: string; label: string }[];
  values: ReadonlySet<string>;
  choose: (values: ReadonlySet<string>) => void;
}

/** Any number of some, chosen from a menu that stays open. */
export function Choices({ label, icon, options, values, choose }: Props) {
  return (
    <MenuTrigger>
      <Button icon={icon}>{label}</Button>
      <Popover className={styles.popover ?? ""} placement="bottom end" offset={4}>
        <Menu
          aria-label={label}
          selectionMode="multiple"
          selectedKeys={values}
          onSelectionChange={(keys) => keys !== "all" && choose(new Set([...keys].map(String)))}
        >
          {options.map((option) => (
            <MenuItem key={option.value} id={option.value} className={styles.item ?? ""}>
              {({ isSelected }) => (
                <>
                  <span className={styles.tick}>{isSelected && <Icon name="check" size={14} />}</span>
                  {option.label}
                </>
              )}
            </MenuItem>
          ))}
        </Menu>
      </Popover>
    </MenuTrigger>
  );
}
