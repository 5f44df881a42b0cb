import { Button } from "./Button";

interface Props {
  /** Of the file, without its ending. */
  name: string;
  rows: readonly object[];
}

/** Gives the rows that are shown as a file: a line of JSON each. */
export function Export({ name, rows }: Props) {
  const save = () => {
    const lines = rows.map((row) => `${JSON.stringify(row)}\n`);
    const url = URL.createObjectURL(new Blob(lines, { type: "application/x-ndjson" }));
    const link = document.createElement("a");
    link.href = url;
    link.download = `${name}.jsonl`;
    link.click();
    URL.revokeObjectURL(url);
  };
  return (
    <Button icon="download" isDisabled={rows.length === 0} onPress={save}>
      Export
    </Button>
  );
}
