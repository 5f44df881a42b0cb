import { Menu, MenuItem, MenuTrigger } from "react-aria-components/Menu";
import { Popover } from "react-aria-components/Popover";
import { csv } from "@/format/csv";
import { Button } from "./Button";
import styles from "./Popover.module.css";

interface Props {
  /** Of the file, without its ending. */
  name: string;
  rows: readonly object[];
}

/** Gives the rows that are shown as a file. */
export function Export({ name, rows }: Props) {
  return (
    <MenuTrigger>
      <Button icon="download" isDisabled={rows.length === 0}>
        Export
      </Button>
      <Popover className={styles.popover ?? ""} placement="bottom end" offset={4}>
        <Menu aria-label="Export">
          <MenuItem className={styles.item ?? ""} onAction={() => save(`${name}.csv`, "text/csv", csv(rows))}>
            CSV, for a spreadsheet
          </MenuItem>
          <MenuItem
            className={styles.item ?? ""}
            onAction={() => save(`${name}.jsonl`, "application/x-ndjson", rows.map(line).join(""))}
          >
            JSON lines, for a program
          </MenuItem>
        </Menu>
      </Popover>
    </MenuTrigger>
  );
}

function line(row: object): string {
  return `${JSON.stringify(row)}\n`;
}

function save(name: string, type: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  URL.revokeObjectURL(url);
}
