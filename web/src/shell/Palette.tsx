import { useState } from "react";
import { Autocomplete } from "react-aria-components/Autocomplete";
import { Menu, MenuItem } from "react-aria-components/Menu";
import { Dialog, Modal, ModalOverlay } from "react-aria-components/Modal";
import { Input, SearchField } from "react-aria-components/SearchField";
import { useLocation, useSearch } from "wouter";
import { carriedRange } from "@/address/range";
import { PAGES } from "@/pages/all";
import dialog from "@/parts/Dialog.module.css";
import popover from "@/parts/Popover.module.css";
import { useSession } from "@/session/useSession";
import styles from "./Palette.module.css";
import { targets } from "./targets";

/** Where one may go, as one types. */
export default function Palette({ close }: { close: () => void }) {
  const [typed, type] = useState("");
  const { session } = useSession();
  const [, navigate] = useLocation();
  const range = carriedRange(new URLSearchParams(useSearch())).toString();
  const found = targets(
    typed,
    PAGES.filter((page) => page.isFor?.(session) ?? true),
  );
  const go = (to: string) => {
    close();
    navigate(range === "" ? to : `${to}?${range}`);
  };
  return (
    <ModalOverlay
      className={dialog.shade ?? ""}
      isOpen
      isDismissable
      onOpenChange={(open) => open || close()}
    >
      <Modal className={dialog.box ?? ""}>
        <Dialog className={styles.palette ?? ""} aria-label="Go to">
          <Autocomplete inputValue={typed} onInputChange={type}>
            <SearchField autoFocus aria-label="Page, or the id of a request, conversation or job">
              <Input className={styles.input ?? ""} placeholder="Page, or an id: req_…, conv_…, run_…" />
            </SearchField>
            <Menu
              aria-label="Where to go"
              className={styles.list ?? ""}
              items={found}
              renderEmptyState={() => <p className={popover.note}>Nothing here is called that.</p>}
            >
              {(target) => (
                <MenuItem
                  className={popover.item ?? ""}
                  textValue={target.label}
                  onAction={() => go(target.to)}
                >
                  {target.label}
                  <span className={styles.group}>{target.group}</span>
                </MenuItem>
              )}
            </Menu>
          </Autocomplete>
        </Dialog>
      </Modal>
    </ModalOverlay>
  );
}
