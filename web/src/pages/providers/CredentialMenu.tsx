import { Menu, MenuItem, MenuTrigger } from "react-aria-components/Menu";
import { Popover } from "react-aria-components/Popover";
import type { CredentialView } from "@/api/schema";
import { Button } from "@/parts/Button";
import styles from "@/parts/Popover.module.css";

export type Deed = "verify" | "switch" | "rotate" | "remove";

interface Props {
  credential: CredentialView;
  take: (deed: Deed) => void;
}

/** What can be done to a key. */
export function CredentialMenu({ credential, take }: Props) {
  return (
    <MenuTrigger>
      <Button
        look="quiet"
        icon="down"
        aria-label={`Change the ${credential.provider} key …${credential.last4}`}
      />
      <Popover className={styles.popover ?? ""} placement="bottom end">
        <Menu aria-label="Change" onAction={(key) => take(key as Deed)}>
          <MenuItem id="verify" className={styles.item ?? ""}>
            Test it
          </MenuItem>
          <MenuItem id="switch" className={styles.item ?? ""}>
            {credential.active ? "Switch off" : "Switch on"}
          </MenuItem>
          <MenuItem id="rotate" className={styles.item ?? ""}>
            Replace by a new one
          </MenuItem>
          <MenuItem id="remove" className={styles.item ?? ""}>
            Remove
          </MenuItem>
        </Menu>
      </Popover>
    </MenuTrigger>
  );
}
