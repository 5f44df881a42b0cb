import { useState } from "react";
import type { CredentialView } from "@/api/schema";
import { Dialog } from "@/parts/Dialog";
import { Field } from "@/parts/Field";
import { Form } from "@/parts/Form";
import { useCredentialDeeds } from "./useCredentials";

interface Props {
  credential: CredentialView | null;
  close: () => void;
}

/** A new key in the place of an old one, for whatever is asked from now on. */
export function RotateCredential({ credential, close }: Props) {
  return (
    <Dialog title="Replace the key" isOpen={credential !== null} close={close}>
      {credential !== null && <Fields credential={credential} done={close} />}
    </Dialog>
  );
}

function Fields({ credential, done }: { credential: CredentialView; done: () => void }) {
  const { rotate } = useCredentialDeeds();
  const [key, write] = useState("");
  const send = () => rotate.mutate({ id: credential.id, api_key: key.trim() }, { onSuccess: done });
  return (
    <Form
      verb="Replace"
      send={send}
      isReady={key.trim() !== ""}
      isSending={rotate.isPending}
      error={rotate.error}
    >
      <p>
        The {credential.provider} key <code>…{credential.last4}</code> makes way for this one. Calls that are
        on their way keep the old one, so revoke it at the provider a little later.
      </p>
      <Field label="New key" type="password" value={key} onChange={(event) => write(event.target.value)} />
    </Form>
  );
}
