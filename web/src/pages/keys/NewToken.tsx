import { useState } from "react";
import type { UserView } from "@/api/schema";
import { Checks } from "@/parts/Checks";
import { Dialog } from "@/parts/Dialog";
import { Field } from "@/parts/Field";
import { Form } from "@/parts/Form";
import { MadeToken } from "./MadeToken";
import { SCOPES, USUAL } from "./scopes";
import { useTokenDeeds } from "./useTokenDeeds";

interface Props {
  user: UserView;
  isOpen: boolean;
  close: () => void;
}

/** Makes a token, and shows it this once. */
export function NewToken({ user, isOpen, close }: Props) {
  return (
    <Dialog title={`New token for ${user.name}`} isOpen={isOpen} close={close}>
      <Steps user={user.id} close={close} />
    </Dialog>
  );
}

function Steps({ user, close }: { user: string; close: () => void }) {
  const { create } = useTokenDeeds(user);
  const [name, write] = useState("");
  const [expires, end] = useState("");
  const [scopes, choose] = useState(USUAL);
  if (create.data !== undefined) return <MadeToken made={create.data} close={close} />;
  const chosen = SCOPES.map((scope) => scope.value).filter((scope) => scopes.has(scope));
  const send = () =>
    create.mutate({
      name: name.trim(),
      scopes: chosen,
      // It is good until the end of that day, where the reader is.
      ...(expires !== "" && { expires_at: new Date(`${expires}T23:59:59`).toISOString() }),
    });
  return (
    <Form
      verb="Create"
      send={send}
      isReady={name.trim() !== "" && chosen.length > 0}
      isSending={create.isPending}
      error={create.error}
    >
      <Field
        label="Name"
        autoFocus
        placeholder="which application this is for"
        value={name}
        onChange={(event) => write(event.target.value)}
      />
      <Checks label="It may" options={SCOPES} values={scopes} choose={choose} />
      <Field
        label="Good until, if it shall end by itself"
        type="date"
        value={expires}
        onChange={(event) => end(event.target.value)}
      />
    </Form>
  );
}
