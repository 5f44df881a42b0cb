import { useState } from "react";
import { Dialog } from "@/parts/Dialog";
import { Field } from "@/parts/Field";
import { Form } from "@/parts/Form";
import { GIVEN } from "./views";

interface Props {
  isOpen: boolean;
  close: () => void;
  save: (name: string) => void;
}

/** Gives the present filters and columns a name. One that is taken is theirs from then on. */
export function SaveView({ isOpen, close, save }: Props) {
  return (
    <Dialog title="Save this view" isOpen={isOpen} close={close}>
      <Naming
        save={(name) => {
          save(name);
          close();
        }}
      />
    </Dialog>
  );
}

function Naming({ save }: Pick<Props, "save">) {
  const [written, write] = useState("");
  const name = written.trim();
  const isFree = name !== "" && !GIVEN.some((view) => view.name === name);
  return (
    <Form verb="Save" send={() => save(name)} isReady={isFree} isSending={false} error={null}>
      <Field
        label="Name"
        autoFocus
        maxLength={60}
        value={written}
        onChange={(event) => write(event.target.value)}
      />
      <p>
        Its filters and columns are kept in this browser. A link to this page shows somebody else the same.
      </p>
    </Form>
  );
}
