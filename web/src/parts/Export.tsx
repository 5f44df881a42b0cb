import { useMutation } from "@tanstack/react-query";
import { Menu, MenuItem, MenuTrigger } from "react-aria-components/Menu";
import { Popover } from "react-aria-components/Popover";
import { csv } from "@/format/csv";
import { Button } from "./Button";
import styles from "./Popover.module.css";

interface Props {
  /** Of the file, without its ending. */
  name: string;
  rows: readonly object[];
  /** Gets more than is shown, and how much that is in words. */
  more?: { load: () => Promise<readonly object[]>; note: string };
}

/** Gives the rows as a file: those that are shown, or all that can be had. */
export function Export({ name, rows, more }: Props) {
  const loading = useMutation({ mutationFn: async () => (more === undefined ? rows : await more.load()) });
  const take = (type: string, ending: string, write: (rows: readonly object[]) => string) =>
    loading.mutate(undefined, { onSuccess: (all) => save(`${name}.${ending}`, type, write(all)) });
  return (
    <MenuTrigger>
      <Button icon="download" isDisabled={rows.length === 0 || loading.isPending}>
        {loading.isPending ? "Exporting" : loading.isError ? "Export failed, again?" : "Export"}
      </Button>
      <Popover className={styles.popover ?? ""} placement="bottom end" offset={4}>
        <Menu aria-label="Export">
          <MenuItem className={styles.item ?? ""} onAction={() => take("text/csv", "csv", csv)}>
            CSV, for a spreadsheet
          </MenuItem>
          <MenuItem
            className={styles.item ?? ""}
            onAction={() => take("application/x-ndjson", "jsonl", (all) => all.map(line).join(""))}
          >
            JSON lines, for a program
          </MenuItem>
        </Menu>
        {more !== undefined && <p className={styles.note}>{more.note}</p>}
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
