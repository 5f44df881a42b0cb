import { useState } from "react";
import { FileTrigger } from "react-aria-components/FileTrigger";
import { Button } from "@/parts/Button";
import { Failure } from "@/parts/Failure";
import styles from "./Attachments.module.css";
import { type Attached, attachedOf, TAKEN } from "./attached";

interface Props {
  files: readonly Attached[];
  attach: (files: readonly Attached[]) => void;
}

/** What goes along with what is said. */
export function Attachments({ files, attach }: Props) {
  const [error, complain] = useState<Error | null>(null);
  const add = async (chosen: readonly File[]) => {
    try {
      attach([...files, ...(await Promise.all(chosen.map(attachedOf)))]);
      complain(null);
    } catch (problem) {
      complain(problem instanceof Error ? problem : new Error(String(problem)));
    }
  };
  return (
    <div className={styles.files}>
      <FileTrigger
        allowsMultiple
        acceptedFileTypes={TAKEN.split(",")}
        onSelect={(chosen) => void add([...(chosen ?? [])])}
      >
        <Button look="quiet" icon="plus">
          Attach
        </Button>
      </FileTrigger>
      <ul className={styles.list}>
        {files.map((file) => (
          <li key={file.name + file.url.length}>
            {file.name}
            <Button
              look="quiet"
              icon="close"
              aria-label={`Take ${file.name} away`}
              onPress={() => attach(files.filter((one) => one !== file))}
            />
          </li>
        ))}
      </ul>
      {error !== null && <Failure error={error} />}
    </div>
  );
}
