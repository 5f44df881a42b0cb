import { useState } from "react";
import { useUsers } from "@/api/names";
import { Dialog } from "@/parts/Dialog";
import { Field } from "@/parts/Field";
import { Form } from "@/parts/Form";
import { Select } from "@/parts/Select";
import { useSession } from "@/session/useSession";
import { useCredentialDeeds } from "./useCredentials";
import { useProviders } from "./useProviders";

/** A provider's key for a user. Once it is sent nobody can read it again. */
export function AddCredential({ isOpen, close }: { isOpen: boolean; close: () => void }) {
  return (
    <Dialog title="Add a provider's key" isOpen={isOpen} close={close}>
      <Fields done={close} />
    </Dialog>
  );
}

function Fields({ done }: { done: () => void }) {
  const { session } = useSession();
  const { add } = useCredentialDeeds();
  const providers = useProviders().data?.data ?? [];
  const users = useUsers().data?.data ?? [];
  const [provider, choose] = useState("openai");
  const [user, give] = useState(session.user);
  const [key, write] = useState("");
  const [label, name] = useState("");
  const send = () =>
    add.mutate(
      { user, provider, api_key: key.trim(), ...(label.trim() !== "" && { label: label.trim() }) },
      { onSuccess: done },
    );
  return (
    <Form verb="Add" send={send} isReady={key.trim() !== ""} isSending={add.isPending} error={add.error}>
      <Select
        label="Provider"
        options={providers
          .filter((one) => one.name !== "demo")
          .map((one) => ({ value: one.name, label: one.name }))}
        value={provider}
        choose={choose}
      />
      <Select
        label="For"
        options={users.map((one) => ({ value: one.id, label: one.name }))}
        value={user}
        choose={give}
      />
      <Field label="Key" type="password" value={key} onChange={(event) => write(event.target.value)} />
      <Field label="Label, if you like" value={label} onChange={(event) => name(event.target.value)} />
    </Form>
  );
}
