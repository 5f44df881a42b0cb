import { Menu, MenuItem, MenuTrigger } from "react-aria-components/Menu";
import { Popover } from "react-aria-components/Popover";
import { Button } from "@/parts/Button";
import { Icon } from "@/parts/Icon";
import popover from "@/parts/Popover.module.css";
import { useSession } from "@/session/useSession";

/** Who is signed in, the API's own documentation, and the way out. */
export function AccountMenu() {
  const { session, signOut } = useSession();
  return (
    <MenuTrigger>
      <Button look="quiet" icon="account" aria-label="Account" />
      <Popover className={popover.popover ?? ""} placement="bottom end" offset={4}>
        <p className={popover.note}>
          {session.name}
          {session.is_admin ? ", administrator" : ""}
        </p>
        <Menu aria-label="Account">
          <MenuItem className={popover.item ?? ""} href="/docs" target="_blank">
            <Icon name="help" /> API reference
          </MenuItem>
          <MenuItem className={popover.item ?? ""} onAction={signOut}>
            <Icon name="out" /> Sign out
          </MenuItem>
        </Menu>
      </Popover>
    </MenuTrigger>
  );
}
