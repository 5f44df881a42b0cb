import { useState } from "react";
import { Menu, MenuItem, MenuTrigger } from "react-aria-components/Menu";
import { Popover } from "react-aria-components/Popover";
import { Button } from "@/parts/Button";
import styles from "@/parts/Popover.module.css";
import type { Filters } from "./filters";
import { writeFilters } from "./filters";
import { SaveView } from "./SaveView";
import { useViews } from "./useViews";
import { GIVEN, type View, withoutView, withView } from "./views";

interface Props {
  filters: Filters;
  columns: ReadonlySet<string>;
  open: (view: View) => void;
}

/** Filters and columns under a name: those that everybody has, and one's own. */
export function Views({ filters, columns, open }: Props) {
  const [saved, keep] = useViews();
  const [isSaving, turn] = useState(false);
  const present = saved.find((view) => isSame(view, filters, columns));
  return (
    <>
      <MenuTrigger>
        <Button icon="down">{present?.name ?? "Views"}</Button>
        <Popover className={styles.popover ?? ""} placement="bottom end" offset={4}>
          <Menu aria-label="Views">
            {[...GIVEN, ...saved].map((view) => (
              <MenuItem key={view.name} className={styles.item ?? ""} onAction={() => open(view)}>
                {view.name}
              </MenuItem>
            ))}
            <MenuItem className={styles.item ?? ""} onAction={() => turn(true)}>
              Save this view…
            </MenuItem>
            {present !== undefined && (
              <MenuItem className={styles.item ?? ""} onAction={() => keep(withoutView(saved, present.name))}>
                Forget “{present.name}”
              </MenuItem>
            )}
          </Menu>
        </Popover>
      </MenuTrigger>
      <SaveView
        isOpen={isSaving}
        close={() => turn(false)}
        save={(name) => keep(withView(saved, { name, filters, columns: [...columns] }))}
      />
    </>
  );
}

function isSame(view: View, filters: Filters, columns: ReadonlySet<string>): boolean {
  const shown = view.columns ?? [...columns];
  return (
    writeFilters(view.filters) === writeFilters(filters) &&
    shown.length === columns.size &&
    shown.every((column) => columns.has(column))
  );
}
